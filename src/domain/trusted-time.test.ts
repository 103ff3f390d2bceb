import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  formatTrustedTime,
  lastLeadMs,
  latestMs,
  neverRan,
  parseTrustedTime,
  read,
  trustedMs,
  type TrustedTime,
} from './trusted-time.ts'

const hour = 3_600_000
const day = 24 * hour
const start = 1_800_000_000_000

/** A machine, read every ten minutes while it runs, restarted from what it stored. */
class Machine {
  trueMs = start
  offsetMs = 0
  time: TrustedTime = read(neverRan, 0, start)

  run(ms: number): void {
    for (let left = ms; left > 0; left -= 600_000) {
      const stepMs = Math.min(left, 600_000)
      this.trueMs += stepMs
      this.time = read(this.time, stepMs, this.trueMs + this.offsetMs)
    }
  }

  /** SIGSTOP: the monotonic clock goes on, and is read afterwards only. */
  stopped(ms: number): void {
    this.trueMs += ms
    this.time = read(this.time, ms, this.trueMs + this.offsetMs)
  }

  down(ms: number): void {
    this.trueMs += ms
    const stored = parseTrustedTime(formatTrustedTime(this.time))
    assert.ok(stored)
    this.time = read(stored, 0, this.trueMs + this.offsetMs)
  }

  /** How late the trusted time is; negative where it is early. */
  get lateMs(): number {
    return this.trueMs - trustedMs(this.time)
  }
}

suite('the trusted time', () => {
  test('is read with the lead of its last reading, also from a text of before', () => {
    const machine = new Machine()
    machine.run(hour)
    machine.offsetMs = day
    machine.run(5 * hour)
    const text = formatTrustedTime(machine.time)
    assert.deepEqual(parseTrustedTime(text), machine.time)
    assert.equal(lastLeadMs(machine.time), day)
    const before = JSON.stringify((JSON.parse(text) as unknown[]).toSpliced(1, 1))
    assert.deepEqual(parseTrustedTime(before), machine.time)
    assert.equal(lastLeadMs(neverRan), 0)
  })

  test('is the time while nothing is wrong, also across restarts', () => {
    const machine = new Machine()
    machine.run(100 * day)
    assert.equal(machine.lateMs, 0)
    machine.down(0)
    assert.equal(machine.lateMs, 0)
  })

  for (const aheadMs of [2 * hour, 400 * day, 1e6 * day]) {
    test(`is never early while a clock is ${String(aheadMs / day)} days ahead for two days`, () => {
      const machine = new Machine()
      machine.run(10 * day)
      for (let turn = 0; turn < 5; turn++) {
        machine.offsetMs = aheadMs
        machine.run(2 * day)
        assert.ok(machine.lateMs >= 0, 'while it is ahead')
        // Started anew again and again, as a process is that fails at once.
        for (let restarts = 0; restarts < 500; restarts++) machine.down(1000)
        assert.ok(machine.lateMs >= 0, 'after restarts')
        machine.offsetMs = 0
        machine.run(hour)
        assert.ok(machine.lateMs >= 0, 'after it was set right')
        machine.run(4 * day)
        assert.ok(machine.lateMs <= 500_000, 'only what it was down for is missing')
        machine.run(4 * day)
        assert.equal(machine.lateMs, 0)
      }
    })
  }

  test('is late, never early, while a clock is behind, and for three days afterwards', () => {
    const machine = new Machine()
    machine.run(day)
    machine.offsetMs = -50 * 365 * day
    machine.run(day)
    assert.ok(machine.lateMs >= 50 * 365 * day)
    machine.offsetMs = 0
    machine.run(3 * day)
    assert.ok(machine.lateMs > 0)
    machine.run(2 * hour)
    assert.equal(machine.lateMs, 0)
  })

  test('is not early after a process was stopped for days and continues on a wrong clock', () => {
    const machine = new Machine()
    machine.run(10 * day)
    machine.offsetMs = 12 * day
    machine.stopped(11 * day)
    machine.run(2 * day)
    assert.ok(machine.lateMs >= 0, 'while it is ahead')
    machine.offsetMs = 0
    machine.run(4 * day)
    assert.equal(machine.lateMs, 0)
  })

  test('believes a long downtime after three days of running', () => {
    const machine = new Machine()
    machine.run(day)
    machine.down(90 * day)
    assert.equal(machine.lateMs, 90 * day)
    machine.run(71 * hour)
    assert.equal(machine.lateMs, 90 * day)
    machine.run(3 * hour)
    assert.equal(machine.lateMs, 0)
  })

  test('knows the latest that it may be, whatever a clock says for less than three days', () => {
    const machine = new Machine()
    machine.run(90 * day)
    machine.offsetMs = -50 * 365 * day
    for (const turn of ['at once', 'after a restart', 'after a day']) {
      machine.run(turn === 'after a day' ? day : 600_000)
      assert.equal(latestMs(machine.time), machine.trueMs, turn)
      machine.down(0)
    }
    machine.offsetMs = 10 * day
    machine.run(600_000)
    machine.offsetMs = 0
    machine.run(day)
    assert.equal(latestMs(machine.time), machine.trueMs + 10 * day, 'one clock is ahead')
    machine.run(4 * day)
    assert.equal(latestMs(machine.time), machine.trueMs)
  })

  test('is stored in a bounded text, and other text is not taken for one', () => {
    const machine = new Machine()
    machine.run(365 * day)
    assert.ok(formatTrustedTime(machine.time).length < 4000)
    for (const text of ['', '{}', '[]', '[1,2]', '[1,["a",2]]', '[1,[1]]', 'null']) {
      assert.equal(parseTrustedTime(text), undefined, text)
    }
  })
})
