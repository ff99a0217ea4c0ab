"""The fuse box: settings, wiring, roles, command line."""
