/** A small plot as SVG: points over decades, and nothing that needs a library. */
export interface Plot {
  readonly title: string
  readonly unit: string
  readonly over: string
  /** Powers of ten on the horizontal axis, and what was measured there. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

const WIDTH = 560
const HEIGHT = 260
const LEFT = 64
const BOTTOM = 44
const TOP = 40
const RIGHT = 48

/** The vertical axis begins at 0, so that what looks flat is flat. */
export function plotSvg({ title, unit, over, points }: Plot): string {
  const xs = points.map(([x]) => Math.log10(x))
  const [least, most] = [Math.min(...xs), Math.max(...xs)]
  const top = niceAbove(Math.max(...points.map(([, y]) => y)))
  const atX = (x: number): number =>
    LEFT + ((Math.log10(x) - least) / (most - least)) * (WIDTH - LEFT - RIGHT)
  const atY = (y: number): number => HEIGHT - BOTTOM - (y / top) * (HEIGHT - BOTTOM - TOP)
  const lines = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = atY(top * part).toFixed(1)
    return (
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
      `<text x="${LEFT - 8}" y="${y}" text-anchor="end" dy="4">${Number((top * part).toPrecision(3))}</text>`
    )
  })
  const labels = points.map(
    ([x]) =>
      `<text x="${atX(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
  )
  const path = points.map(([x, y]) => `${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`).join('L')
  const dots = points.map(
    ([x, y]) => `<circle cx="${atX(x).toFixed(1)}" cy="${atY(y).toFixed(1)}" r="3.5"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="13">${title}, ${unit}</text>`,
    ...lines,
    ...labels,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${over}</text>`,
    `<path d="M${path}" fill="none" stroke="#2a6" stroke-width="2"/>`,
    `<g fill="#2a6">${dots.join('')}</g>`,
    '</svg>\n',
  ].join('\n')
}

function niceAbove(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 5, 8, 10].find((factor) => factor * decade >= value) ?? 10) * decade
}
