"""The openssl program as another implementation: SM2, and CMS with OAEP, which Python's libraries lack."""

import pathlib
import subprocess
import tempfile


def run(*arguments, **files):
    """What `openssl ARGUMENTS` writes to the file named by the argument "OUT". Each of `files` is a content, whose
    path replaces the argument of that name in capitals. Fails the test with openssl's words when it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name.upper(): pathlib.Path(folder) / name for name in [*files, "out"]}
        for name, content in files.items():
            paths[name.upper()].write_bytes(content)
        command = ["openssl", *(str(paths.get(argument, argument)) for argument in arguments)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, f"{command[1:3]}: {done.stdout} {done.stderr}"
        return paths["OUT"].read_bytes() if paths["OUT"].exists() else b""


def is_refused(*arguments, **files):
    try:
        run(*arguments, **files)
    except AssertionError:
        return True
    return False
