"""Rows locked in: the only place that knows SQL."""
