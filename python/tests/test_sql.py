import pytest

from pytest_local_redshift import SeedError
from pytest_local_redshift.sql import files, statements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" ; ;; -- nothing; here\n /* nor; /* here; */ ; */ ", []),
        ("select 1", [(1, "select 1")]),
        ("select 1;\n\nselect 2 ;\n", [(1, "select 1"), (3, "select 2")]),
        (
            "select ';', 'it''s;', 'a\\';', \"b;\"; select 2",
            [(1, "select ';', 'it''s;', 'a\\';', \"b;\""), (1, "select 2")],
        ),
        ("select 1 -- one; two\n, 2; x", [(1, "select 1 -- one; two\n, 2"), (2, "x")]),
        ("create function f() as $x$ a; $$ b; $x$; y", [(1, "create function f() as $x$ a; $$ b; $x$"), (1, "y")]),
        ("/* ; */ select 1 /* /* ; */ ; */; 'a'", [(1, "/* ; */ select 1 /* /* ; */ ; */"), (1, "'a'")]),
        ("select 1 /* never ends; ", [(1, "select 1 /* never ends;")]),
        ("select 'never ends; ", [(1, "select 'never ends")]),
    ],
)
def test_statements(text, found):
    assert list(statements(text)) == found


def test_files_of_a_directory_come_by_name(tmp_path):
    for name in ("2.sql", "1.sql", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in files(tmp_path)] == ["1.sql", "2.sql"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SeedError, match="no .sql file"):
        files(tmp_path / "empty")
