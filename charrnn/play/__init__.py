"""A network in one page: its weights in 8 bits, the program that runs them in a browser, and what there is to see."""
