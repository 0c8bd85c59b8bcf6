"""Games of a proposer, who writes problems, and solvers, who answer them."""
