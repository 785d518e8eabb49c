/** The NATS client, as one library that scripts/bundle.js makes of its packages; only `mayfly scratch` loads it. */
export {
  AckPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
export { Kvm } from "@nats-io/kv";
export { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";
