"""An object store on this machine: moto's S3 server, in this process."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest


@contextmanager
def s3_server() -> Iterator[object]:
    """A bucket ``calls`` behind an endpoint that the environment names; skips where the packages are missing."""
    for name, package in (("s3fs", "s3fs"), ("moto.server", "moto[s3]"), ("boto3", "moto[s3]")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pytest.importorskip(name, reason=f"{package} is not installed: make test installs it")
    import boto3
    import fsspec
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server._server.server_port}"
    named = {
        "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    with mock.patch.dict(os.environ, named):
        client = boto3.client("s3")
        client.create_bucket(Bucket="calls")
        try:
            yield client
        finally:
            client.close()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import s3fs

                s3fs.S3FileSystem.clear_instance_cache()
            fsspec.config.conf.clear()
            server.stop()
