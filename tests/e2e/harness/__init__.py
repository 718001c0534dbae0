"""What the end-to-end tests share: the server as a process, a client, raw sockets, and the digits with their recorded answers."""
