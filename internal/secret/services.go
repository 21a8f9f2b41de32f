package secret

func serviceRules() []rule {
	return []rule{
		token("telegram-token", "Telegram bot token", `:AA([A-Za-z0-9_-]{33})`, each(":AA", url)...).within().mixed().loosely(),
		{
			id: "discord-webhook", title: "Discord webhook", class: Token, starts: []string{"discord.com/api/webhooks/", "discordapp.com/api/webhooks/"},
			expr: `discord(?:app)?\.com/api/webhooks/\d{17,20}/([A-Za-z0-9_-]{60,72})`, entropy: 3.5,
		},
		token("slack-token", "Slack token", `xox[abeoprs](?:\.xox[bp])?-([0-9]{1,13}-[0-9A-Za-z-]{10,200})`, each("xox", "abeoprs")...),
		token("slack-token", "Slack token", `xapp-([0-9]-[A-Z0-9]{6,20}-[0-9]{6,20}-[a-z0-9]{20,100})`, "xapp-"),
		{
			id: "slack-webhook", title: "Slack webhook", class: Token, starts: []string{"hooks.slack.com/"},
			expr: `hooks\.slack\.com/(?:services|workflows)/((?:T[A-Z0-9]{7,12}/)[AB][A-Z0-9]{7,12}/[A-Za-z0-9/]{16,60})`, entropy: 3.5,
		},
		token("stripe-key", "Stripe key", `[sr]k_live_([A-Za-z0-9]{20,250})`, "sk_live_", "rk_live_"),
		token("stripe-webhook-secret", "Stripe webhook secret", `whsec_([A-Za-z0-9+/]{32,64}=?)`, "whsec_"),
		token("sendgrid-key", "SendGrid API key", `SG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})`, each("SG.", url)...),
		token("vault-token", "HashiCorp Vault token", `hv[bsr]\.([A-Za-z0-9_-]{24,300})`, "hvs.", "hvb.", "hvr.").loosely(),
		{
			id: "terraform-token", title: "HCP Terraform token", class: Token, starts: []string{".atlasv1."}, inside: true, around: "-",
			expr: `\.atlasv1\.([A-Za-z0-9_-]{60,70})`, entropy: 3.5,
		},
		token("shopify-token", "Shopify token", `shp(?:at|ca|pa|ss)_([a-fA-F0-9]{32})`, "shpat_", "shpca_", "shppa_", "shpss_"),
		token("square-token", "Square token", `sq0(?:atp|csp)-([0-9A-Za-z_-]{22,43})`, "sq0atp-", "sq0csp-"),
		token("newrelic-key", "New Relic key", `NRAK-([A-Z0-9]{27})`, "NRAK-"),
		token("grafana-token", "Grafana token", `glsa_([A-Za-z0-9]{32}_[A-Fa-f0-9]{8})`, "glsa_"),
		token("grafana-token", "Grafana token", `(?:glc_|eyJrIjoi)([A-Za-z0-9+/]{60,400}={0,3})`, "glc_", "eyJrIjoi"),
		token("sentry-token", "Sentry token", `sntry[su]_([A-Za-z0-9_=+/-]{60,300})`, "sntrys_", "sntryu_"),
		token("tailscale-key", "Tailscale key", `tskey-(?:auth|api|client|scim|webhook)-([A-Za-z0-9-]{20,80})`, "tskey-"),
		token("pulumi-token", "Pulumi token", `pul-([a-f0-9]{40})`, "pul-"),
		token("doppler-token", "Doppler token", `dp\.(?:pt|st|ct|sa)\.([A-Za-z0-9._-]{40,80})`, "dp.pt.", "dp.st.", "dp.ct.", "dp.sa."),
		token("postman-key", "Postman API key", `PMAK-([a-f0-9]{24}-[a-f0-9]{34})`, "PMAK-"),
		token("1password-token", "1Password service account token", `ops_(eyJ[A-Za-z0-9+/]{250,1000})`, "ops_eyJ"),
		token("linear-key", "Linear API key", `lin_(?:api|oauth)_([A-Za-z0-9]{40,64})`, "lin_api_", "lin_oauth_"),
		token("notion-token", "Notion token", `(?:ntn_([0-9A-Za-z]{46})|secret_([0-9A-Za-z]{43}))`, "ntn_", "secret_").mixed(),
		token("airtable-token", "Airtable token", `pat([A-Za-z0-9]{14}\.[a-f0-9]{64})`, each("pat", word)...),
		token("figma-token", "Figma token", `figd_([A-Za-z0-9_-]{40,44})`, "figd_"),
		token("okta-token", "Okta API token", `SSWS (00[A-Za-z0-9_-]{40})`, "SSWS 00"),
		token("paypal-token", "PayPal access token", `access_token\$production\$([0-9a-z]{16}\$[0-9a-f]{32})`, "access_token$production$"),
		token("plaid-token", "Plaid access token", `access-production-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`, "access-production-"),
		token("lob-key", "Lob API key", `live_([a-f0-9]{35})`, "live_"),
		token("planetscale-token", "PlanetScale token", `pscale_(?:tkn|pw|oauth)_([A-Za-z0-9_.=-]{32,64})`, "pscale_"),
		token("supabase-key", "Supabase key", `(?:sbp_([a-f0-9]{40})|sb_secret_([A-Za-z0-9_-]{31}))`, "sbp_", "sb_secret_"),
		token("neon-key", "Neon API key", `napi_([a-z0-9]{64})`, "napi_"),
		token("contentful-token", "Contentful token", `CFPAT-([A-Za-z0-9_-]{43})`, "CFPAT-"),
		token("typeform-token", "Typeform token", `tfp_([A-Za-z0-9_.=-]{59})`, "tfp_"),
		token("brevo-key", "Brevo API key", `xkeysib-([a-f0-9]{64}-[A-Za-z0-9]{16})`, "xkeysib-"),
		token("dynatrace-token", "Dynatrace token", `dt0c01\.([A-Z2-7]{24}\.[A-Z2-7]{64})`, "dt0c01."),
		token("openshift-token", "OpenShift token", `sha256~([A-Za-z0-9_-]{43})`, "sha256~"),
	}
}

// modelRules are those of services that run models.
func modelRules() []rule {
	return []rule{
		token("anthropic-key", "Anthropic API key", `sk-ant-(?:api|admin|oat|ort)[0-9]{2}-([A-Za-z0-9_-]{80,120})`, "sk-ant-"),
		token("openai-key", "OpenAI API key", `sk-(?:proj|svcacct|admin)-([A-Za-z0-9_-]{40,250})`, "sk-proj-", "sk-svcacct-", "sk-admin-"),
		token("openai-key", "OpenAI API key", `T3BlbkFJ([A-Za-z0-9_-]{20,100})`, "T3BlbkFJ").within().loosely(),
		token("huggingface-token", "Hugging Face token", `hf_([A-Za-z0-9]{34})`, each("hf_", word)...).bothCases(),
		token("groq-key", "Groq API key", `gsk_([A-Za-z0-9]{52})`, "gsk_"),
		token("openrouter-key", "OpenRouter API key", `sk-or-v1-([a-f0-9]{64})`, "sk-or-v1-"),
		token("perplexity-key", "Perplexity API key", `pplx-([A-Za-z0-9]{48})`, "pplx-"),
		token("replicate-token", "Replicate token", `r8_([A-Za-z0-9]{37})`, each("r8_", word)...).loosely(),
		token("xai-key", "xAI API key", `xai-([A-Za-z0-9_]{70,90})`, "xai-"),
	}
}
