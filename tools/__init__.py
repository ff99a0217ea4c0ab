"""What a build of uketsuke needs besides its source: the runtime's part of the lock, the list of what is in it."""
