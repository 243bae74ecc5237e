"""Fetches packages by their own managers, pinned by version and checksum, and reads files in them."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

CACHE = Path(os.environ.get("LOWRANK_RECIPES", Path.home() / ".cache" / "lowrank-recipes"))


def fetch(kind, name, version, sha256):
    """The path of a package's archive: `kind` is "pip" (a wheel), "pip-linux" (one for Linux), "pip-source", "npm" or "apt"."""
    folder = CACHE / "packages" / f"{kind}-{name.replace('/', '-')}-{version}"
    files = [path for path in folder.glob("*") if path.is_file()] if folder.exists() else []
    if not files:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(command(kind, name, version), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        files = [path for path in folder.glob("*") if path.is_file()]
    (path,) = files
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path}: expected a file of SHA-256 {sha256}, got {found}; delete it to fetch it again")
    return path


LINUX = ["--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--python-version", "3.11", "--abi", "cp311"]


def command(kind, name, version):
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "."]
    return {
        "pip": [*pip, "--only-binary", ":all:", f"{name}=={version}"],
        # Named in full, so that every machine fetches the same file.
        "pip-linux": [*pip, *LINUX, f"{name}=={version}"],
        "pip-source": [*pip, "--no-binary", ":all:", f"{name}=={version}"],
        "npm": ["npm", "pack", "--silent", f"{name}@{version}"],
        "apt": ["apt-get", "-o", "APT::Sandbox::User=root", "download", f"{name}={version}"],
    }[kind]


def member(path, name):
    """The bytes of one file in a wheel, a tarball or a Debian package."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    packed = path.read_bytes()
    if path.suffix == ".deb":
        packed = subprocess.run(["dpkg", "--fsys-tarfile", str(path)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return archive.extractfile(name).read()


def members(path, suffix):
    """Names of the files of a wheel that end in `suffix`, in order."""
    with zipfile.ZipFile(path) as archive:
        return sorted(name for name in archive.namelist() if name.endswith(suffix))


def debian_lists():
    """Debian's package lists with English descriptions, fetched beside the machine's own: (packages, translations, release)."""
    state = CACHE / "packages" / "apt-lists"
    if not list(state.glob("*Translation-en*")):
        (state / "partial").mkdir(parents=True, exist_ok=True)
        places = ["-o", f"Dir::State::lists={state}", "-o", "Acquire::Languages=en", "-o", "APT::Sandbox::User=root"]
        subprocess.run(["apt-get", *places, "update"], check=True, stdout=subprocess.DEVNULL)

    def text(pattern):
        paths = [path for path in state.glob(pattern) if "security" not in path.name and "updates" not in path.name]
        if len(paths) != 1:
            raise SystemExit(f"{state}: expected one {pattern}, found {len(paths)}; one Debian release is read at a time")
        done = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(paths[0])], check=True, capture_output=True)
        return done.stdout.decode("utf-8")

    release = next(line for line in text("*_InRelease").splitlines() if line.startswith("Version:"))
    return text("*_main_binary-amd64_Packages*"), text("*_main_i18n_Translation-en*"), f"Debian {release.split()[1]}"
