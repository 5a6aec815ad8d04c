import { createServer } from 'node:http'
import { healthRouter } from 'procward/health'
import { report } from './report.js'

const health = healthRouter({ prefix: '/api/health' })
const server = createServer(async (request, response) => {
  if (request.url !== '/check') return health(request, response)
  response.end(JSON.stringify(await report()))
})
server.listen(Number(process.env.PORT), '127.0.0.1')
