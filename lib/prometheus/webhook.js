'use strict'

// The delivery of alerts, by receiver. The addresses are secrets, so receivers have numbers.

const { counter, gauge } = require('./family')

/**
 * @param {import('../../index').WebhookStatus[]} webhooks
 * @returns {import('./family').Family[]}
 */
function webhookFamilies(webhooks) {
  const points = (/** @type {'queued' | 'delivered' | 'undelivered'} */ field) =>
    webhooks.map((status, at) => ({ labels: { receiver: String(at) }, value: status[field] }))
  return [
    gauge('procward_webhook_queued', 'Alerts that wait for a receiver.', 'sum', points('queued')),
    counter('procward_webhook_delivered', 'Alerts that a receiver got.', points('delivered')),
    counter(
      'procward_webhook_undelivered',
      'Alerts that a receiver did not get, because there were too many or all attempts failed.',
      points('undelivered'),
    ),
  ]
}

module.exports = { webhookFamilies }
