"""What the site and its grader cost, measured beside their peers on one machine in one run."""
