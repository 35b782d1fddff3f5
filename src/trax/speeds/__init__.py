"""How fast this machine is: measured by model, remembered, and what follows from it for files that wait."""
