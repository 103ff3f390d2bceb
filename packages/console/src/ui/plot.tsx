/** Plots, drawn here: bars with a label under some of them. */

interface Bar {
  readonly label: string
  readonly value: number
  /** Description, for tooltips and screen readers. */
  readonly title: string
}

interface BarsProperties {
  readonly bars: readonly Bar[]
  readonly label: string
  readonly height?: number
  /** Each how many bars have a label. */
  readonly labelEvery?: number
}

const WIDTH = 480
const FOOT = 18

export function Bars({ bars, label, height = 120, labelEvery = 1 }: BarsProperties) {
  const highest = Math.max(1, ...bars.map(({ value }) => value))
  const step = WIDTH / Math.max(1, bars.length)
  const gap = Math.min(4, step * 0.25)
  const room = height - FOOT
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${String(WIDTH)} ${String(height)}`}
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={WIDTH} y1={room + 0.5} y2={room + 0.5} />
      {bars.map(({ label: text, value, title }, index) => {
        // What is there at all can be seen.
        const size = value === 0 ? 0 : Math.max(2, (value / highest) * (room - 4))
        return (
          <g key={text + String(index)}>
            <title>{title}</title>
            <rect
              class="room"
              x={index * step}
              y="0"
              width={step}
              height={room}
              fill="transparent"
            />
            <rect
              class="fill"
              x={index * step + gap / 2}
              y={room - size}
              width={step - gap}
              height={size}
              rx="2"
            />
            {index % labelEvery === 0 && (
              <text
                x={labelEvery === 1 ? index * step + step / 2 : index * step + gap / 2}
                y={height - 3}
                text-anchor={labelEvery === 1 ? 'middle' : 'start'}
              >
                {text}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}

interface Dot {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Undefined where nothing was measured: it is shown on the line at zero. */
  readonly value: number | undefined
  readonly tone: string
}

const DOTS_WIDTH = 200
const DOTS_HEIGHT = 44
const EDGE = 5

/** Values over time around a line at zero; each dot in the colour of its verdict. */
export function Dots({ dots, label }: { readonly dots: readonly Dot[]; readonly label: string }) {
  const values = dots.map(({ value = 0 }) => value)
  const times = dots.map(({ at }) => at)
  const across = scale([Math.min(...times), Math.max(...times)], [EDGE, DOTS_WIDTH - EDGE])
  const up = scale([Math.min(0, ...values), Math.max(0, ...values)], [DOTS_HEIGHT - EDGE, EDGE])
  return (
    <svg
      class="plot dots"
      viewBox={`0 0 ${String(DOTS_WIDTH)} ${String(DOTS_HEIGHT)}`}
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={DOTS_WIDTH} y1={up(0)} y2={up(0)} />
      {dots.map(({ at, value, tone }, index) => (
        <circle
          key={index}
          class={value === undefined ? `${tone} hollow` : tone}
          cx={across(at)}
          cy={up(value ?? 0)}
          r="2.5"
        />
      ))}
    </svg>
  )
}

/** From low to high; what is all one value stands in the middle. */
function scale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) =>
    high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from)
}
