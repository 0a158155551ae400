"""Define the network, and load, save and run it: on any device, in several processes, and quantized."""
