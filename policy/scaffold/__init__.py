"""A first pack of one's own: a small one to fill in, or a copy of a built-in one."""
