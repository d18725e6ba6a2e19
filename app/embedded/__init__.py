"""Everything on one machine: web server, ticker and a small pool; in a demo, the simulator too."""
