"""Settings of the library under the names that they have on the command line."""

import re


OPTIONS = {
    "annotation_file": "--csv",
    "data_root": "--data-root",
    "higher_is_better": "--lower-is-better or --no-lower-is-better",
    "mos_column": "--mos-column",
    "name_column": "--name-column",
    "Permissions(trust_remote_code=True)": "--trust-remote-code",
}
_SETTING = re.compile(r"(?<=\b[Pp]ass )\w+|Permissions\([^()]*\)")


def in_options(message: str) -> str:
    """
    A message of the library that says which setting to pass, for someone who types options.

    Example:

    ```python
    >>> from transformers_vital.cli.option_names import in_options
    >>> in_options("There is no folder data_root/x. Pass data_root, the folder with the media.")
    'There is no folder data_root/x. Pass --data-root, the folder with the media.'

    ```
    """
    return _SETTING.sub(lambda setting: OPTIONS.get(setting[0], setting[0]), message)
