import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { deviceField, deviceType, normalizedDeviceInfo, readDeviceInfo } from './device-info.ts'

function encode(fields: object): string {
  return Buffer.from(JSON.stringify(fields)).toString('base64')
}

suite('readDeviceInfo()', () => {
  const fields = { model: 'TV 5th Gen', osName: 'tvOS', note: 'ÿ>>>???' }
  const base64 = encode(fields)

  for (const [name, sent] of [
    ['padded base64', base64],
    ['base64 without padding', base64.replaceAll('=', '')],
    ['url-safe base64', base64.replaceAll('+', '-').replaceAll('/', '_')],
    ['percent-encoded', encodeURIComponent(base64)],
    ['with + read as a space', base64.replaceAll('+', ' ')],
    ['broken into lines', base64.replaceAll(/(.{20})/g, '$1\n')],
  ] as const) {
    test(`reads ${name}`, () => {
      const info = readDeviceInfo(sent)
      assert.equal(deviceField(info, 'model'), 'TV 5th Gen')
      assert.equal(deviceField(info, 'note'), 'ÿ>>>???')
    })
  }

  test('says what is absent, and what cannot be read', () => {
    assert.equal(readDeviceInfo(undefined).kind, 'absent')
    assert.equal(readDeviceInfo(' ').kind, 'absent')
    assert.equal(readDeviceInfo('{"model":"x"}').kind, 'unreadable')
    assert.equal(readDeviceInfo('A'.repeat(16_385)).kind, 'unreadable')
    assert.equal(readDeviceInfo(encode([1])).kind, 'unreadable')
  })

  test('never throws, and neither does what is made from it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(encodeText)), (sent) => {
        const info = readDeviceInfo(sent)
        assert.match(deviceType(info, sent), /^[\w .-]{1,32}$/)
        JSON.parse(Buffer.from(normalizedDeviceInfo(info, sent), 'base64').toString())
      }),
    )
  })
})

function encodeText(text: string): string {
  return Buffer.from(text).toString('base64')
}

suite('deviceType()', () => {
  test('takes device information before the parameter', () => {
    const info = readDeviceInfo(encode({ primaryHardwareType: 'SetTopBox' }))
    assert.equal(deviceType(info, 'roku'), 'SetTopBox')
    assert.equal(deviceType(readDeviceInfo(encode({ model: 'x' })), 'roku'), 'roku')
    assert.equal(deviceType({ kind: 'absent' }, undefined), 'Unknown')
  })
})
