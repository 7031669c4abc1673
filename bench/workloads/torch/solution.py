import torch


def fit_line(x: torch.Tensor, y: torch.Tensor, steps: int) -> torch.Tensor:
    """Slope and offset of a line through the points, by gradient descent."""
    line = torch.zeros(2, requires_grad=True)
    for _ in range(steps):
        loss = torch.mean((line[0] * x + line[1] - y) ** 2)
        (slope,) = torch.autograd.grad(loss, line)
        with torch.no_grad():
            line -= 0.5 * slope
    return line.detach()
