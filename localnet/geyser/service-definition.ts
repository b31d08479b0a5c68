import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import { decodeSubscribeRequest } from './decode-request.js';
import { type Frame, MessageBatch } from './message-batch.js';

/** Name of the service, as health checks and reflection know it. */
export const GEYSER_SERVICE = 'geyser.Geyser';

/**
 * The service as grpc-js wants it. `Subscribe` decodes to plain requests and sends bytes that are encoded already;
 * the rest goes through protobufjs.
 */
export function geyserServiceDefinition(root: protobuf.Root): ServiceDefinition {
  const service = root.lookupService(GEYSER_SERVICE);
  const definition: Record<string, MethodDefinition<object, object>> = {};
  for (const method of service.methodsArray) {
    definition[method.name] = methodDefinition(root, service, method);
  }
  const subscribeRequest = root.lookupType('geyser.SubscribeRequest');
  definition.Subscribe = {
    ...definition.Subscribe!,
    requestDeserialize: (bytes) => decodeSubscribeRequest(subscribeRequest, bytes),
    responseSerialize: (frames) => new MessageBatch(frames as Frame[]) as unknown as Buffer,
  };
  return definition;
}

function methodDefinition(
  root: protobuf.Root,
  service: protobuf.Service,
  method: protobuf.Method,
): MethodDefinition<object, object> {
  const request = service.lookupType(method.requestType);
  const response = root.lookupType(`geyser.${method.responseType}`);
  return {
    path: `/${GEYSER_SERVICE}/${method.name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: (message) => Buffer.from(request.encode(message).finish()),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => Buffer.from(response.encode(response.fromObject(message)).finish()),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}
