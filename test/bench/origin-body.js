/** The body that the origin answers with and the load checks. */
'use strict'

exports.BODY = Buffer.from('{"id":1842,"state":"shipped","items":[{"sku":"A-17","count":2},{"sku":"B-4","count":1}]}\n')
