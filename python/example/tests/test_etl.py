import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import etl
import pytest

SOURCE = "s3://music-events/events/"


def daily_plays(connection):
    cursor = connection.cursor()
    cursor.execute("select day, song, plays, minutes from daily_plays order by day, song")
    return [(str(day), *rest) for day, *rest in cursor.fetchall()]


def test_plays_are_counted_by_day_and_song(redshift):
    etl.load_day(redshift, SOURCE)
    assert daily_plays(redshift) == [
        ("2018-11-01", "Flat 55", 2, Decimal("7.87")),
        ("2018-11-01", "You Gotta Be", 1, Decimal("4.11")),
        ("2018-11-02", "Flat 55", 1, Decimal("3.93")),
    ]


def test_a_day_that_is_loaded_again_counts_once(redshift):
    etl.load_day(redshift, SOURCE + "2018-11-01")
    once = daily_plays(redshift)
    etl.load_day(redshift, SOURCE + "2018-11-01")
    assert daily_plays(redshift) == once


def test_other_days_are_left_alone(redshift):
    etl.load_day(redshift, SOURCE + "2018-11-01")
    etl.load_day(redshift, SOURCE + "2018-11-02")
    assert [day for day, *_ in daily_plays(redshift)] == ["2018-11-01", "2018-11-01", "2018-11-02"]


def test_totals_are_published(redshift, aws):
    etl.load_day(redshift, SOURCE)
    bucket = aws.bucket()
    (key,) = etl.publish(redshift, bucket)
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body.decode().split() == ["day,plays", "2018-11-01,3", "2018-11-02,1"]


def test_broken_lines_leave_the_table_as_it_was(redshift, aws, tmp_path):
    etl.load_day(redshift, SOURCE)
    before = daily_plays(redshift)
    (tmp_path / "broken.json").write_text('{"at": "soon", "song": "Flat 55", "seconds": 236.04}\n')
    bucket = aws.bucket(directory=tmp_path)
    with pytest.raises(Exception, match="stl_load_errors|sys_load_error_detail"):
        etl.load_day(redshift, f"s3://{bucket}/")
    redshift.rollback()
    assert daily_plays(redshift) == before


def test_the_job_as_it_is_scheduled(redshift_database, aws):
    env = {**os.environ, **redshift_database.env, "SOURCE": SOURCE, "TARGET": aws.bucket("totals")}
    subprocess.run([sys.executable, Path(etl.__file__)], env=env, check=True)
    assert redshift_database.run("select sum(plays) from daily_plays") == [(4,)]
    assert aws.client("s3").list_objects_v2(Bucket="totals")["KeyCount"] == 1
