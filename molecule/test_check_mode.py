"""Runs in every scenario, after the convergence: check mode has nothing to report on a host that is as it should be."""


def test_check_mode_reports_no_change(play):
    done = play("converge.yml", "--check")
    assert done.status == 0, done.messages
    assert done.changes == []
