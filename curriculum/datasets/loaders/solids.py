"""Tiny scenes in three dimensions: a sphere and a box on a plane, seen from several places."""

import numpy as np

VIEWS, NEW_VIEWS = 8, 4
AWAY, HEIGHT, FIELD = (
    3.2,
    1.5,
    0.62,
)  # of the camera: distance, height, half of the picture's width at distance 1
SUN = np.array([0.5, -0.4, 0.77])


def load(seed: int, size: int, train: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """Of each scene ``images`` (n, views, size, size, 3) of bytes, ``depth`` (n, views, size, size), 0 for the sky,
    ``origins`` (n, views, 3) and ``rays`` (n, views, size, size, 3), where the camera stood and looked.

    Hidden scenes have four more views, ``new_…``, from angles between those of the eight.
    """
    rng = np.random.default_rng(seed)
    angles = np.arange(VIEWS) * 2 * np.pi / VIEWS
    splits = {}
    for name, count in (("train", train), ("valid", valid), ("hidden", hidden)):
        scenes = [_scene(rng) for _ in range(count)]
        splits[name] = _views(scenes, size, angles)
        if name == "hidden":
            between = _views(scenes, size, angles[:: VIEWS // NEW_VIEWS] + np.pi / VIEWS)
            splits[name] |= {f"new_{key}": value for key, value in between.items()}
    return splits


def _scene(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A sphere and a box that do not touch, each with a colour."""
    angle = rng.uniform(0, 2 * np.pi)
    radius, half = rng.uniform(0.35, 0.6), rng.uniform(0.25, 0.45, 3)
    away = np.array([np.cos(angle), np.sin(angle)]) * 0.75
    return {
        "sphere": np.array([*away, radius]), "radius": np.array(radius), "box": np.array([*-away, half[2]]),
        "half": half, "colours": rng.uniform(0.25, 1.0, (2, 3)),
    }  # fmt: skip


def _views(scenes: list[dict[str, np.ndarray]], size: int, angles: np.ndarray) -> dict[str, np.ndarray]:
    cameras = [_camera(angle, size) for angle in angles]
    seen = [[_seen(scene, origin, rays) for origin, rays in cameras] for scene in scenes]
    count = len(scenes)
    return {
        "images": np.array([[image for image, _ in views] for views in seen]),
        "depth": np.array([[depth for _, depth in views] for views in seen], np.float32),
        "origins": np.tile(np.array([origin for origin, _ in cameras], np.float32), (count, 1, 1)),
        "rays": np.tile(np.array([rays for _, rays in cameras], np.float32), (count, 1, 1, 1, 1)),
    }


def _camera(angle: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a camera stands that looks at the middle, and the direction of each pixel, of length 1."""
    origin = np.array([AWAY * np.cos(angle), AWAY * np.sin(angle), HEIGHT])
    ahead = np.array([0, 0, 0.3]) - origin
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    x, y = np.meshgrid(np.linspace(-FIELD, FIELD, size), np.linspace(FIELD, -FIELD, size))
    rays = ahead + x[..., None] * right + y[..., None] * up
    return origin, rays / np.linalg.norm(rays, axis=-1, keepdims=True)


def _seen(
    scene: dict[str, np.ndarray], origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the camera sees, and how far each pixel's point is."""
    depths, normals = zip(
        _plane(origin, rays), _sphere(scene, origin, rays), _box(scene, origin, rays), strict=True
    )
    nearest = np.argmin(depths, axis=0)
    depth = np.min(depths, axis=0)
    normal = np.choose(nearest[..., None], normals)
    there = np.isfinite(depth)
    point = origin + np.where(there, depth, 0)[..., None] * rays
    tiles = 0.45 + 0.2 * ((np.floor(point[..., 0]) + np.floor(point[..., 1])) % 2)
    colour = np.choose(
        nearest[..., None], [np.repeat(tiles[..., None], 3, -1), *scene["colours"][:, None, None]]
    )
    light = 0.35 + 0.65 * np.clip(normal @ SUN, 0, 1)
    picture = np.where(there[..., None], colour * light[..., None], [0.62, 0.75, 0.9])
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8), np.where(there, depth, 0)


def _plane(origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    downward = np.where(rays[..., 2] < -1e-6, rays[..., 2], -np.inf)
    depth = np.where(np.isfinite(downward), -origin[2] / downward, np.inf)
    return np.where(depth < 12, depth, np.inf), np.broadcast_to([0.0, 0.0, 1.0], rays.shape)


def _sphere(
    scene: dict[str, np.ndarray], origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    away = origin - scene["sphere"]
    b = rays @ away
    inside = b**2 - (away @ away - scene["radius"] ** 2)
    depth = np.where(inside > 0, -b - np.sqrt(np.maximum(inside, 0)), np.inf)
    point = away + np.where(np.isfinite(depth), depth, 0)[..., None] * rays
    return np.where(depth > 0, depth, np.inf), point / scene["radius"]


def _box(scene: dict[str, np.ndarray], origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By slabs: enter the last of three, before leaving the first."""
    away, slow = origin - scene["box"], np.where(np.abs(rays) < 1e-9, 1e-9, rays)
    near, far = (-away - scene["half"] * np.sign(slow)) / slow, (-away + scene["half"] * np.sign(slow)) / slow
    enter, leave = near.max(-1), far.min(-1)
    depth = np.where((enter < leave) & (enter > 0), enter, np.inf)
    side = np.arange(3) == near.argmax(-1)[..., None]
    return depth, -np.sign(slow) * side
