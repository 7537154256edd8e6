"""Objects of Kubernetes, from YAML on standard input to a JSON list on standard output.

The arguments are versions of Kubernetes: each object has to be valid in all of them. Objects of
other groups than Kubernetes' own have no schema here, and are only read.
"""

import json
import sys

import kubernetes_validate
import yaml

FOREIGN = ("monitoring.coreos.com/",)

objects = [each for each in yaml.safe_load_all(sys.stdin) if each is not None]
for each in objects:
    if each["apiVersion"].startswith(FOREIGN):
        continue
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            name = each["metadata"]["name"]
            sys.exit(f"{each['kind']} {name} in {version}: {error.path}: {error.message}")
json.dump(objects, sys.stdout)
