"""Counts runs, and prints them as a table or as TAP."""
import threading


class Table:
    def __init__(self):
        self.rows = {}  # (fault, direction, point) -> [runs, deviations, not reached]
        self.deviations = []
        self.lock = threading.Lock()

    def add(self, key, name, wrong):
        """wrong: a list of what was wrong, None when the fault did not come."""
        with self.lock:
            row = self.rows.setdefault(key, [0, 0, 0])
            if wrong is None:
                row[2] += 1
                return
            row[0] += 1
            if wrong:
                row[1] += 1
                self.deviations.append((name, wrong))

    @property
    def runs(self):
        return sum(row[0] for row in self.rows.values())

    def print(self):
        layout = "{:<18} {:<10} {:<24} {:>6} {:>13} {:>11}"
        print(layout.format("fault", "direction", "point", "runs", "same outcome", "deviations"))
        for key, (runs, deviations, _) in sorted(self.rows.items()):
            print(layout.format(*key, runs, runs - deviations, deviations))
        print(layout.format("all", "", "", self.runs, self.runs - len(self.deviations), len(self.deviations)))
        missed = sum(row[2] for row in self.rows.values())
        if missed:
            print(f"{missed} points more were not reached when their turn came")

    def print_tap(self):
        for number, (key, (runs, deviations, _)) in enumerate(sorted(self.rows.items()), 1):
            verdict = "not ok" if deviations or not runs else "ok"
            print(f"{verdict} {number} - {' '.join(' '.join(key).split())}: {runs} runs, {runs - deviations} with the same outcome")
        print(f"1..{len(self.rows)}")
