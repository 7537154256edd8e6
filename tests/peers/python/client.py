"""What the gateway says through the library `kubernetes`: list, watch, log or follow."""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException


def pod(event, pod):
    restarts = [status.restart_count for status in pod.status.container_statuses]
    print(event, pod.metadata.name, *restarts, flush=True)


def run(api, what, namespace, name=None):
    if what == "list":
        for item in api.list_namespaced_pod(namespace).items:
            pod("LISTED", item)
    elif what == "watch":
        for event in watch.Watch().stream(api.list_namespaced_pod, namespace):
            pod(event["type"], event["object"])
    elif what == "log":
        log = api.read_namespaced_pod_log(name, namespace, tail_lines=2, timestamps=True)
        print(log, end="")
    elif what == "follow":
        for line in watch.Watch().stream(api.read_namespaced_pod_log, name, namespace):
            print(line, flush=True)


config.load_kube_config()
try:
    run(client.CoreV1Api(), *sys.argv[1:])
except ApiException as refusal:
    sys.exit(f"{refusal.status} {json.loads(refusal.body)['message']}")
