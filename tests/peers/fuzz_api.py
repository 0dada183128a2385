"""Fuzzes the served API from its own OpenAPI document: no request may lead to a 5xx.

usage: fuzz_api.py URL TOKEN SECONDS SEED

Prints one line of JSON: requests by status class, and every request that broke a promise. What the
document calls a 503 (a store or a stream that cannot be had now) is an answer, not a failure.
"""

import json
import sys
import time
from collections import Counter

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

URL, TOKEN, SECONDS, SEED = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])

# Its answer never ends; its limits are tested elsewhere.
ENDLESS = {"/api/v1/stream"}


def main():
    schema = schemathesis.openapi.from_url(f"{URL}/api/openapi.json")
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [one for one in operations if one.path not in ENDLESS]
    ends = time.monotonic() + SECONDS
    classes, broken = Counter(), []
    for n, operation in enumerate(operations):
        share = (ends - time.monotonic()) / (len(operations) - n)
        fuzz(operation, session, time.monotonic() + share, classes, broken)
    print(json.dumps({"operations": len(operations), "classes": classes, "broken": broken}))


def fuzz(operation, session, until, classes, broken):
    @seed(SEED)
    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(case=operation.as_strategy())
    def one(case):
        if time.monotonic() > until:
            return
        response = case.call(session=session, timeout=30)
        classes[f"{response.status_code // 100}xx"] += 1
        if response.status_code >= 500 and response.status_code != 503:
            broken.append(f"{operation.method.upper()} {case.formatted_path}: {response.status_code} {response.text[:200]}")

    one()


main()
