#!/usr/bin/env python3
"""A processing worker, by REST and the standard library of Python 3.11 alone. Copy it, and put your own work into `process`.

    WORKER_TOKEN=$(bun run --silent cli token --role worker | tail -1) python3 examples/workers/processing_worker.py

    URL              of the server (http://localhost:3000)
    WORKER_TOKEN     an access token of a worker's account; it lives for 15 minutes
    WORKER_EMAIL, WORKER_PASSWORD   in its place, for a worker that stays: it logs in, and again when its token has expired
    WORKER_NAME      what sellers and operators see (this machine's name)
    LEASE_SECONDS    how long the server waits for a sign of life before another worker gets the product (60)

It takes one product at a time; for more at once, start more of them. SIGTERM or Ctrl-C ends it after the present product. If it
dies, nothing is lost: its lease expires, and another worker gets the product.
"""

import hashlib
import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

URL = os.environ.get("URL", "http://localhost:3000").rstrip("/")
NAME = os.environ.get("WORKER_NAME", socket.gethostname())
LEASE_SECONDS = int(os.environ.get("LEASE_SECONDS", "60"))
TRIES = 6  # of one request, while the network, the server or the store has a bad minute
LONGEST_PAUSE_SECONDS = 5

stopping = threading.Event()
token = os.environ.get("WORKER_TOKEN", "")


# --- the work itself ---------------------------------------------------------------------------------------------------


def process(photo, job):
    """Yours to replace: makes the processed image of one photo. A real worker cuts out the background, reads the label…

    photo: the JPEG that is made for models: upright, sRGB, at most 1568 px, no metadata
    job:   has `prompt_text`, the seller's own line, and `attempt`, from 1
    Returns the bytes (JPEG, PNG or WebP), their type, and what is to be kept beside them.
    """
    return photo, "image/jpeg", {"worker": NAME, "attempt": job["attempt"], "bytes": len(photo)}


class Hopeless(Exception):
    """What no other attempt would do better."""


def work_on(job):
    """Fetch, process, store, complete. Every step may be repeated, and only `complete` changes anything that the seller sees."""
    lease = f"/api/work/leases/{job['lease_id']}"
    with Heartbeat(lease) as heart:
        results = []
        for done, image in enumerate(job["images"]):
            heart.beat({"progress": 100 * done // len(job["images"]), "message": f"photo {done + 1} of {len(job['images'])}"})
            photo = fetch(lease, image)
            if photo is not None:
                results.append((image["id"], *process(photo, job)))
        if not results:
            raise Hopeless("none of its photos can be decoded")
        store(lease, results)
        images = [{"image_id": image_id, "processing_metadata": kept} for image_id, _, _, kept in results]
        call(f"{lease}/complete", {"images": images})  # it looks at every result again, and may take long


def fetch(lease, image):
    """By a signed URL, which is a bearer: it needs no token. `sha256` of an image is its original's, not of what is made of it.

    None where the photo was refused meanwhile, because it cannot be decoded: its seller is told.
    """
    url = image["urls"]["model"]
    for tried in range(1, TRIES):
        try:
            if url:
                return exchange("GET", url)
        except Refused as refused:  # such as an URL that has expired while earlier photos were worked on: one more
            if tried > 1:
                raise OSError(f"the photo cannot be fetched: {refused}") from None
        else:
            time.sleep(tried)  # the photo was added just now, and what models get is being made of it
        fresh = call(f"{lease}/urls", {"variants": ["model"]})["images"]
        again = next((one for one in fresh if one["id"] == image["id"]), None)
        if again is None:
            return None
        url = again["urls"]["model"]
    raise OSError("the photo is not prepared yet")


def store(lease, results):
    """Straight to the store by presigned PUTs. They take these bytes and no others: length, type and sha-256 are signed."""
    made_of = {image_id: made for image_id, made, _, _ in results}
    declared = [
        {
            "image_id": image_id,
            "content_type": content_type,
            "file_size_bytes": len(made),
            "sha256": hashlib.sha256(made).hexdigest(),
        }
        for image_id, made, content_type, _ in results
    ]
    for upload in call(f"{lease}/result-urls", {"images": declared})["uploads"]:
        try:
            exchange(upload["method"], upload["url"], upload["headers"], made_of[upload["image_id"]])
        except Refused as refused:
            if refused.status != 412:  # 412: it is there already, the answer to an earlier try was lost
                raise OSError(f"the store does not take the result: {refused}") from None


# --- what every worker needs -------------------------------------------------------------------------------------------


class Heartbeat:
    """Keeps a lease while work goes on, three times within its length."""

    def __init__(self, lease):
        self.lease, self.lost, self.over = lease, None, threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def beat(self, news):
        """Tells the seller how far it is. Raises where the lease was lost: then stop, because somebody else works on it."""
        if self.lost:
            raise self.lost
        call(f"{self.lease}/heartbeat", news)

    def keep(self):
        while not self.lost and not self.over.wait(LEASE_SECONDS / 3):
            try:
                call(f"{self.lease}/heartbeat", {})
            except Refused as refused:
                self.lost = refused
            except OSError as error:
                print(f"no heartbeat: {error}", flush=True)  # the next one may come through

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(timeout=1)  # one that is not answered is not waited for: it ends by itself, and changes nothing any more


def run():
    pause = 0.0
    while not stopping.wait(pause):
        try:
            jobs = call("/api/work/processing/claim", {"worker": NAME, "max": 1, "lease_seconds": LEASE_SECONDS})["jobs"]
        except OSError as error:
            print(f"nothing could be claimed: {error}", flush=True)
            jobs = []
        for job in jobs:
            take(job)
        # Nothing there: ask less and less often, and not in step with other workers.
        pause = 0.0 if jobs else min(LONGEST_PAUSE_SECONDS, max(0.5, pause * 2)) * random.uniform(0.75, 1)


def take(job):
    began = time.monotonic()
    try:
        work_on(job)
        print(f"{job['product_id']} complete after {time.monotonic() - began:.1f} s", flush=True)
    except Refused as refused:
        if refused.code in ("LEASE_LOST", "NOT_FOUND"):  # not found: the seller has deleted it, and the lease with it
            print(f"{job['product_id']} is somebody else's by now, or its seller's no more", flush=True)
        else:
            give_up(job, refused, retryable=False)
    except Hopeless as error:
        give_up(job, error, retryable=False)
    except Exception as error:  # the network's fault or the work's: another attempt may have better luck
        give_up(job, error, retryable=True)


def give_up(job, error, retryable):
    """The seller reads the error. `retryable` puts the product back into the queue, for later and a few times at most."""
    print(f"{job['product_id']} failed: {error}", flush=True)
    try:
        call(f"/api/work/leases/{job['lease_id']}/fail", {"error": str(error)[:500] or "unknown", "retryable": retryable})
    except (Refused, OSError) as unheard:
        print(f"nobody heard of it, so its lease will expire: {unheard}", flush=True)


# --- HTTP --------------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """An answer that asking again does not change."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code = status, code


def call(path, body):
    """One request of the API, JSON in and out. Raises Refused, or OSError where nothing could be reached for some time."""
    if not token:
        log_in()
    try:
        return post(path, body)
    except Refused as refused:
        if refused.status == 401 and log_in():
            return post(path, body)
        raise


def log_in():
    """False where only a token was given."""
    global token
    account = {"email": os.environ.get("WORKER_EMAIL"), "password": os.environ.get("WORKER_PASSWORD")}
    if not all(account.values()):
        return False
    token = ""
    token = post("/api/auth/login", account)["access_token"]
    return True


def post(path, body):
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    return json.loads(exchange("POST", URL + path, headers, json.dumps(body).encode()))


def exchange(method, url, headers={}, body=None):
    """Tried again where that may help: complete, fail and PUTs may be repeated, and a claim that was not heard expires."""
    for tried in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as answer:
            if answer.code < 500 and answer.code not in (408, 429):
                raise refusal(answer) from None
            failure, wait = OSError(f"{method} answered {answer.code}"), float(answer.headers.get("retry-after") or 0)
        except (OSError, http.client.HTTPException) as error:
            failure, wait = OSError(f"{method}: {error}"), 0.0
        if tried < TRIES:
            time.sleep(max(wait, 2**tried / 8) * random.uniform(1, 1.5))
    raise failure


def refusal(answer):
    try:
        error = json.loads(answer.read())["error"]
        return Refused(answer.code, error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return Refused(answer.code, "REFUSED", answer.reason)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopping.set())
    try:
        run()
    except Refused as refused:
        sys.exit(f"the server refuses this worker: {refused}")
