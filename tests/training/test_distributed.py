"""Two processes on the CPU, plain and with DeepSpeed ZeRO-2, against one process: the same losses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


REPOSITORY = Path(__file__).resolve().parents[2]
ZERO_2 = str(REPOSITORY / "hub_configs" / "deepspeed" / "zero2.json")
RUN = """
import json, sys
from datasets import load_from_disk
from pathlib import Path
from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.trainer import VitalTrainer

checkpoint, root, output, groups, accumulation, deepspeed, precision = sys.argv[1:]
processor = VitalProcessor.from_pretrained(checkpoint)
tables = {path.name: load_from_disk(path) for path in sorted(Path(root, "tables").iterdir())}
arguments = VitalTrainingArguments(
    output, use_cpu=True, bf16=precision == "bf16", max_steps=3, report_to="none", save_strategy="no", logging_steps=1,
    learning_rate=1e-3, activation_checkpointing=False, disable_tqdm=True, lr_scheduler_type="constant",
    per_device_train_batch_size=int(groups), gradient_accumulation_steps=int(accumulation), warmup_steps=0,
    max_grad_norm=0, deepspeed=deepspeed or None,
)
trainer = VitalTrainer(
    VitalForConditionalGeneration.from_pretrained(checkpoint), arguments, processor=processor,
    train_dataset=Mixture(tables, RecordEncoder(processor, root=root)),
)
trainer.train()
if trainer.is_world_process_zero():
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    Path(output).mkdir(exist_ok=True)
    (Path(output) / "losses.json").write_text(json.dumps(losses))
trainer.accelerator.end_training()
"""


@pytest.fixture(scope="module")
def losses(tiny_folder, media_root, tables, tmp_path_factory):
    """`losses(processes, groups, accumulation)` of three steps."""
    for name, table in tables.items():
        table.save_to_disk(media_root / "tables" / name)
    script = tmp_path_factory.mktemp("script") / "run.py"
    script.write_text(RUN)

    def run(
        processes: int, *, groups: int, accumulation: int = 1, deepspeed: str = "", precision: str = "float32"
    ) -> list[float]:
        output = tmp_path_factory.mktemp("output")
        launcher = [sys.executable]
        if processes > 1:
            launcher += ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
        arguments = [str(tiny_folder), str(media_root), str(output), str(groups), str(accumulation)]
        result = subprocess.run(
            [*launcher, str(script), *arguments, deepspeed, precision],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return json.loads((output / "losses.json").read_text())

    return run


@pytest.fixture(scope="module")
def alone(losses):
    return losses(1, groups=4)


def test_two_processes_give_the_losses_of_one(losses, alone):
    """One sees images where the other sees videos, so both towers must take part in both."""
    assert losses(2, groups=2) == pytest.approx(alone, rel=1e-3, abs=1e-4)


def test_two_processes_with_zero_2_give_the_losses_of_one(losses, alone):
    pytest.importorskip("deepspeed", reason="DeepSpeed is not installed")
    assert losses(2, groups=1, accumulation=2, deepspeed=ZERO_2) == pytest.approx(alone, rel=1e-3, abs=1e-4)


def test_zero_2_in_bfloat16_gives_losses_near_those_of_float32(losses, alone):
    """DeepSpeed makes weights bfloat16 and leaves the statistics of batch norms float32."""
    pytest.importorskip("deepspeed", reason="DeepSpeed is not installed")
    found = losses(2, groups=2, deepspeed=ZERO_2, precision="bf16")
    assert found == pytest.approx(alone, rel=0.05)
