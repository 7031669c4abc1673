"""What learners already write lands in the same curves: TensorBoard's SummaryWriter, transformers' Trainer.

Lives in the sandbox beside ``client.py``. Nothing is imported before the program imports it.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

try:
    from grader.training import client as cairn
except ImportError:  # in the sandbox
    import cairn  # type: ignore[no-redef]

_TENSORBOARD = ("torch.utils.tensorboard", "torch.utils.tensorboard.writer", "tensorboardX")


class SummaryWriter:
    """As ``torch.utils.tensorboard.SummaryWriter``, to Cairn's curves and samples. Writes no files."""

    def __init__(self, log_dir: str | None = None, *_: Any, **__: Any) -> None:
        self.log_dir = log_dir or "runs"

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: int | None = None, *_: Any, **__: Any
    ) -> None:
        """A point of the curve ``tag``."""
        cairn.log({tag: scalar_value}, global_step)

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: Mapping[str, Any], global_step: int | None = None, *_: Any
    ) -> None:
        """A point of each curve ``main_tag/name``."""
        cairn.log({f"{main_tag}/{name}": value for name, value in tag_scalar_dict.items()}, global_step)

    def add_image(
        self, tag: str, img_tensor: Any, global_step: int | None = None, *_: Any, **__: Any
    ) -> None:
        """An image, channels first or last."""
        cairn.image(tag, img_tensor, global_step)

    def add_images(
        self, tag: str, img_tensor: Any, global_step: int | None = None, *_: Any, **__: Any
    ) -> None:
        """The first few of a batch of images."""
        for index, one in enumerate(img_tensor[:4]):
            cairn.image(f"{tag}/{index}", one, global_step)

    def add_text(self, tag: str, text_string: str, global_step: int | None = None, *_: Any) -> None:
        """A short text."""
        cairn.text(tag, text_string, global_step)

    def add_audio(
        self, tag: str, snd_tensor: Any, global_step: int | None = None, sample_rate: int = 44_100, *_: Any
    ) -> None:
        """A sound."""
        cairn.audio(tag, snd_tensor, global_step, rate=sample_rate)

    def add_figure(self, tag: str, figure: Any, global_step: int | None = None, *_: Any, **__: Any) -> None:
        """A matplotlib figure, or several."""
        for index, one in enumerate(figure if isinstance(figure, list) else [figure]):
            cairn.figure(tag if not index else f"{tag}/{index}", one, global_step)

    def add_hparams(
        self, hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any], *_: Any, **__: Any
    ) -> None:
        """The metrics as points; the run's parameters are known already."""
        cairn.log(metric_dict)

    def flush(self) -> None:
        """Points are on their way already."""

    def close(self) -> None:
        """There is no file to close."""

    def __enter__(self) -> "SummaryWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Histograms, graphs, embeddings, curves of other kinds: taken, and not shown."""
        if name.startswith("add_"):
            return lambda *_, **__: None
        raise AttributeError(name)


def _progress_callback() -> type:
    """A TrainerCallback that logs what Trainer logs; made when transformers is there."""
    from transformers.trainer_callback import TrainerCallback  # type: ignore[import-not-found, unused-ignore]

    class Curves(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Trainer's own log, as curves."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """How many steps there will be."""
            if state.is_world_process_zero and state.max_steps > 0:
                cairn.total_steps(state.max_steps)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """Every number of it."""
            numbers = {
                name: value
                for name, value in (logs or {}).items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
            if state.is_world_process_zero and numbers:
                cairn.log(numbers, state.global_step)

    return Curves


def _add_callback(module: types.ModuleType) -> None:
    module.DEFAULT_CALLBACKS = [*module.DEFAULT_CALLBACKS, _progress_callback()]  # type: ignore[attr-defined]


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Calls a function with a module when the program has imported it."""

    def __init__(self, name: str, then: Callable[[Any], object]) -> None:
        self._name, self._then = name, then
        self._loader: Any = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, loaded by this."""
        if fullname != self._name or self._loader is not None:
            return None
        self._loader = self  # so that looking further does not come back here
        spec = importlib.util.find_spec(fullname)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        """As the module's own loader does it."""
        made: types.ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        """The module's own code, then ours."""
        self._loader.exec_module(module)
        self._then(module)


class _InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module with our writer where TensorBoard's would be."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A module of ours for the names that it is known by."""
        if fullname not in _TENSORBOARD:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: types.ModuleType) -> None:
        """All that is in it."""
        module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]


class _Steps:
    """Counts what optimizers do, for an estimate: their steps, their time, the numbers that they train."""

    def __init__(self) -> None:
        self._steps, self._began, self._told = 0, 0.0, 0.0
        self._sizes: dict[int, int] = {}

    def watch(self, torch: Any) -> None:
        """Has every optimizer's step counted."""
        optimizer = importlib.import_module("torch.optim.optimizer")
        optimizer.register_optimizer_step_post_hook(self._after)

    def _after(self, optimizer: Any, *_: Any) -> None:
        now = time.monotonic()
        self._steps += 1
        self._began = self._began or now
        if self._steps > 1 and now - self._told < 0.25:
            return
        self._told = now
        for group in optimizer.param_groups:
            self._sizes |= {id(one): one.numel() for one in group["params"]}
        seconds = round(now - self._began, 6)
        said = {"k": "measured", "parameters": sum(self._sizes.values())}
        if cairn._wire is not None:
            cairn._wire.tell(said | {"steps": self._steps, "seconds": seconds})


def install(seed: int, *, estimate: bool) -> None:
    """Puts the writer where TensorBoard's would be, the callback where Trainer will look, and seeds."""
    if estimate:
        _when_imported("torch", _Steps().watch)
    sys.meta_path.insert(0, _InPlace())
    sys.meta_path.insert(0, _AfterImport("transformers.trainer", _add_callback))
    _when_imported("random", lambda module: module.seed(seed))
    _when_imported("numpy", lambda module: module.random.seed(seed % 2**32))
    _when_imported("torch", lambda module: module.manual_seed(seed))


def _when_imported(name: str, then: Callable[[Any], object]) -> None:
    """Calls with a library now, or as soon as the program imports it."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, _AfterImport(name, then))
