"""How well the product's parts do on situations whose truth is known. It may know every program; none knows it."""
