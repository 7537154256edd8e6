// What the gateway says through the library `@kubernetes/client-node`: list, watch, log or follow.

import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";

import { ApiException, CoreV1Api, KubeConfig, Log, Watch } from "@kubernetes/client-node";

const pod = (event, pod) => {
  const restarts = pod.status.containerStatuses.map((status) => status.restartCount);
  console.log(event, pod.metadata.name, ...restarts);
};

const run = async (config, what, namespace, name) => {
  const api = config.makeApiClient(CoreV1Api);
  if (what === "list") {
    const { items } = await api.listNamespacedPod({ namespace });
    items.forEach((item) => pod("LISTED", item));
  } else if (what === "watch") {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await new Watch(config).watch(path, {}, pod, (error) => process.exit(error ? 1 : 0));
  } else if (what === "log") {
    const log = { namespace, name, tailLines: 2, timestamps: true };
    process.stdout.write(await api.readNamespacedPodLog(log));
  } else if (what === "follow") {
    const stream = new PassThrough();
    createInterface({ input: stream }).on("line", (line) => console.log(line));
    await new Log(config).log(namespace, name, "app", stream, { follow: true });
  }
};

const config = new KubeConfig();
config.loadFromDefault();
run(config, ...process.argv.slice(1)).catch((error) => {
  if (!(error instanceof ApiException)) throw error;
  const { message } = typeof error.body === "string" ? JSON.parse(error.body) : error.body;
  console.error(`${error.code} ${message}`);
  process.exit(1);
});
