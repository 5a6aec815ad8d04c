'use strict'

const tools = require('./tools')

const PLATFORMS = ['Meta', 'Google', 'TikTok']
const BUDGETS = [12_000, 8_000, 5_500]
const CLICKS = [48_210, 31_077, 90_313]

/**
 * The lifecycle of one campaign, from plan to report: four phases of eleven calls, 44 in all. The
 * calls of a phase run at the same time, so a phase only reads what earlier ones wrote, and only
 * one of its calls writes the knowledge graph (each call may have its own memory server, and they
 * share one file).
 * @param {string} id what tells this campaign's files and entities from another run's
 * @returns {{ name: string, calls: import('./tools').Call[] }[]}
 */
function campaign(id) {
  const folder = `campaigns/${id}`
  const name = `Spring launch ${id}`
  const briefs = PLATFORMS.map((platform, index) => ({
    path: `${folder}/briefs/${platform.toLowerCase()}.md`,
    // Quotes, line breaks, percent and dollar signs, other scripts: what shells and command lines
    // get wrong.
    content: `# "${name}" on ${platform}\n\nBudget: $${BUDGETS[index]} (100 % "new" customers)\nSlogan: L'été c'est là! 春の新作 🌱\n\tC:\\assets\\${platform} & $(echo nothing) \`ls\` %PATH%\n`,
  }))
  const assets = PLATFORMS.map((platform) => ({
    file: `${platform.toLowerCase()}.json`,
    path: `${folder}/assets/${platform.toLowerCase()}.json`,
    content: JSON.stringify({
      campaign: name,
      platform,
      sizes: ['1080x1080', '1080x1920'],
      text: 'Hi "there"',
    }),
  }))
  const entities = [
    { name, entityType: 'campaign', observations: ['status: planned'] },
    ...PLATFORMS.map((platform, index) => ({
      name: `${platform} ads ${id}`,
      entityType: 'platform',
      observations: [`budget: ${BUDGETS[index]}`],
    })),
  ]
  const adSets = entities.slice(1).map((entity) => entity.name)
  const relations = adSets.map((to) => ({ from: name, to, relationType: 'runs on' }))
  const total = 8

  return [
    {
      name: 'plan',
      calls: [
        tools.createEntities(entities),
        tools.createDirectory(`${folder}/briefs`),
        tools.createDirectory(`${folder}/assets`),
        tools.think(1, total, `Who is "${name}" for? People who bought last spring.`),
        tools.think(2, total, 'Which platforms reach them? Meta, Google and TikTok.'),
        tools.think(3, total, 'How is the budget split? By last year’s return per platform.'),
        tools.sum(BUDGETS[0], BUDGETS[1]),
        tools.sum(BUDGETS[0] + BUDGETS[1], BUDGETS[2]),
        tools.weather('New York', 'Cloudy'),
        tools.weather('Los Angeles', 'Sunny / Clear'),
        tools.echo(`Kick-off: ${name}`),
      ],
    },
    {
      name: 'build',
      calls: [
        ...briefs.map(({ path, content }) => tools.writeFile(path, content)),
        ...assets.map(({ path, content }) => tools.writeFile(path, content)),
        tools.createRelations(relations),
        tools.openNodes([name], (graph) => graph.entities, [entities[0]]),
        tools.think(4, total, 'What does each brief say? Slogan, budget, audience.'),
        tools.think(5, total, 'Which sizes are needed? Square and story.'),
        tools.echo('Briefs and assets are on their way'),
      ],
    },
    {
      name: 'launch',
      calls: [
        ...briefs.map(({ path, content }) => tools.readFile(path, content)),
        tools.listDirectory(
          `${folder}/assets`,
          assets.map(({ file }) => file),
        ),
        tools.addObservations(name, ['status: live']),
        tools.searchNodes(`ads ${id}`, adSets),
        tools.review(1, 4),
        tools.review(0.5, 2),
        tools.think(6, total, 'Is everything approved? The review says so.'),
        tools.think(7, total, 'What is watched first? Spend against budget.'),
        tools.echo(`${name} is live`),
      ],
    },
    {
      name: 'report',
      calls: [
        tools.openNodes([name], (graph) => graph.entities[0].observations, [
          'status: planned',
          'status: live',
        ]),
        tools.openNodes(adSets, (graph) => graph.relations, relations),
        ...assets.map(({ path, content }) => tools.readFile(path, content)),
        tools.fileInfo(briefs[0].path, briefs[0].content),
        tools.sum(CLICKS[0], CLICKS[1]),
        tools.sum(CLICKS[0] + CLICKS[1], CLICKS[2]),
        tools.writeFile(`${folder}/report.md`, `# ${name}\n\nClicks: ${CLICKS.join(', ')}\n`),
        tools.think(total, total, 'What is learned? TikTok clicks are cheap; keep it.'),
        tools.echo(`Report of ${name} is filed`),
      ],
    },
  ]
}

module.exports = { campaign }
