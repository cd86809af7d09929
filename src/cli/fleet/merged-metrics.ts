type Family = { about: string[], samples: string[] }

/**
 * The metrics of several labs as one text for Prometheus: each sample gets the label `lab`, and the samples of a metric are together, as the format
 * wants it.
 */
export function mergedMetrics (texts: readonly { lab: string, text: string }[]): string {
  const families = new Map<string, Family>()
  for (const { lab, text } of texts) {
    let family: Family | undefined
    for (const line of text.split('\n')) {
      const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? []
      if (name !== undefined) {
        family = families.get(name) ?? { about: [], samples: [] }
        families.set(name, family)
        if (!family.about.some((other) => other.slice(0, 7 + name.length) === line.slice(0, 7 + name.length))) family.about.push(line)
      } else if (line !== '' && !line.startsWith('#') && family !== undefined) {
        family.samples.push(line.replace(/^([A-Za-z_:][\w:]*)(?:\{\}|(\{)|)/, (_all, metric: string, open?: string) => `${metric}{lab="${lab}"${open === undefined ? '}' : ','}`))
      }
    }
  }
  return [...families.values()].flatMap(({ about, samples }) => [...about, ...samples]).map((line) => `${line}\n`).join('')
}
