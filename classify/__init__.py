"""The study: Mail becomes Assessment."""
