"""The counter: the agents' queue, as web pages and JSON."""
