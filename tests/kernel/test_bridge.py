# SPDX-License-Identifier: BSD-3-Clause
"""The wire of tests/bridge does what its options say; the measurement over it is a command of its own, `bridge`."""
import re

import pytest

from bridged import Bridged
from space import SLUICE


@pytest.mark.parametrize("far_is_sluice", [False, True], ids=["kernel", "sluice"])
def test_the_delay_is_each_ways(tmp_path, far_is_sluice):
    with Bridged(str(tmp_path), far_is_sluice, delay_us=10000) as pair:
        pair.start_far()
        said = pair.near.run("ping", "-c10", "-i0.02", SLUICE["ipv4"]).stdout
        least, middle = re.search(r"rtt min/avg/max/mdev = ([\d.]+)/([\d.]+)/", said).groups()
        assert 20 <= float(least) and float(middle) < 22, said
        done = pair.finish()
    assert "10 received, 0% packet loss" in said
    assert not any(way.get("loss", 0) + way.get("reorder", 0) for way in done["ways"])


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("far_is_sluice", [False, True], ids=["kernel", "sluice"])
def test_a_stream_fills_the_rate_and_no_more(tmp_path, far_is_sluice, way):
    rate = 20_000_000
    with Bridged(str(tmp_path), far_is_sluice, delay_us=2000, rate_bps=rate, queue_bytes=50000) as pair:
        pair.start_far(*(["--body-max", "1Gi", "--discard-max", "1Gi"] if far_is_sluice else []))
        reached = pair.ask(way, 1)["bits_per_second"]
        done = pair.finish()
    assert 0.5 * rate < reached < rate
    from_sender = done["ways"][way == "get"]
    assert from_sender["queue_full"] > 0 and from_sender["frames"] - from_sender["delivered"] < 100


def test_fates_come_as_often_as_asked(tmp_path):
    with Bridged(str(tmp_path), False, delay_us=500, late_us=1000, late_ppm=100000, loss_ppm=50000, seed=7) as pair:
        pair.near.run("ping", "-fqc1000", "-i0.0002", "-W0.1", SLUICE["ipv4"], check=False)
        done = pair.finish()
    for way in done["ways"]:
        assert 0.03 < way["loss"] / way["frames"] < 0.07
        assert 0.07 < way["reorder"] / way["frames"] < 0.13
        assert way["delivered"] + way["loss"] + way["refused"] <= way["frames"]
