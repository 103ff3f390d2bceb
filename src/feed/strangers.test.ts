import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import { Strangers } from './strangers.ts'

function socket(): Duplex {
  return new Duplex({ read() {}, write() {} })
}

/** How many of these find a place. */
function admitted(strangers: Strangers, callers: readonly string[]): number {
  return callers.filter((caller) => strangers.admit(socket(), caller) !== undefined).length
}

const hundredOf = (caller: string): readonly string[] => Array<string>(100).fill(caller)

suite('the places of strangers', () => {
  test('are bounded for one caller, and for all', () => {
    const strangers = new Strangers()
    assert.equal(admitted(strangers, hundredOf('one')), 64)
    assert.equal(admitted(strangers, hundredOf('another')), 64)
    const many = Array.from({ length: 300 }, (_, number) => `caller ${number}`)
    assert.equal(admitted(strangers, many), 128)
    assert.equal(admitted(strangers, ['the last']), 0)
  })

  test('are given again: once for each that was given up or closed', async () => {
    const strangers = new Strangers()
    const [first, second] = [socket(), socket()]
    const leave = strangers.admit(first, 'one')
    strangers.admit(second, 'one')
    assert.equal(admitted(strangers, hundredOf('one')), 62)
    leave?.()
    leave?.()
    first.destroy()
    await new Promise((resolve) => second.destroy().once('close', resolve))
    assert.equal(admitted(strangers, hundredOf('one')), 2)
  })
})
