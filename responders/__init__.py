"""The writing desk: Assessment becomes Decision becomes letter."""
