/** First byte of a binary message in one frame (RFC 6455, section 5.2). */
const finalBinary = 0x82
const length16 = 126
const length64 = 127

/** Makes the message of a payload once, though it goes to one guard after another. */
export function binaryMessages(): (payload: Uint8Array) => Buffer {
  let latest: { readonly payload: Uint8Array; readonly message: Buffer } | undefined
  return (payload) => {
    if (latest?.payload !== payload) latest = { payload, message: binaryMessage(payload) }
    return latest.message
  }
}

/**
 * A payload as the one WebSocket frame that a server sends it in (RFC 6455, section 5.2). The same
 * bytes may go to any number of clients.
 *
 * @param payload Copied.
 */
export function binaryMessage(payload: Uint8Array): Buffer {
  const { length } = payload
  const headerLength = length < length16 ? 2 : length <= 0xffff ? 4 : 10
  const message = Buffer.allocUnsafe(headerLength + length)
  message[0] = finalBinary
  if (headerLength === 2) message[1] = length
  else if (headerLength === 4) {
    message[1] = length16
    message.writeUInt16BE(length, 2)
  } else {
    message[1] = length64
    message.writeBigUInt64BE(BigInt(length), 2)
  }
  message.set(payload, headerLength)
  return message
}
