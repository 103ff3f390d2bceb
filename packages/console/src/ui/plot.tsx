/** Plots, drawn here: bars with a label under some of them. */

interface Bar {
  readonly label: string
  readonly value: number
  /** What it is, in words, for whoever points at it or cannot see it. */
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
              <text x={index * step + step / 2} y={height - 4} text-anchor="middle">
                {text}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}
