CREATE TABLE adoption (
    id TEXT NOT NULL,
    metric TEXT NOT NULL,
    model TEXT,
    company TEXT,
    country TEXT,
    value DOUBLE,
    unit TEXT,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    qualifier TEXT,
    scope TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL, original_source TEXT CONSTRAINT fk_adoption_original_source REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT pk_adoption PRIMARY KEY (id),
    CONSTRAINT ck_adoption_qualifier CHECK (qualifier = 'exact' OR qualifier = 'about' OR qualifier = 'at_least' OR qualifier = 'up_to' OR qualifier = 'disputed'),
    CONSTRAINT ck_adoption_value CHECK (value >= 0 AND value < 1e300),
    CONSTRAINT ck_adoption_value_has_unit CHECK ((value IS NULL) = (unit IS NULL)),
    CONSTRAINT ck_adoption_period CHECK (period_first_day <= period_last_day),
    CONSTRAINT ck_adoption_is_about CHECK (model IS NOT NULL OR company IS NOT NULL OR country IS NOT NULL),
    CONSTRAINT fk_adoption_model FOREIGN KEY(model) REFERENCES ai_models (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_adoption_company FOREIGN KEY(company) REFERENCES companies (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_adoption_country FOREIGN KEY(country) REFERENCES countries (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_adoption_source FOREIGN KEY(source) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_adoption_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_adoption_company_id ON adoption (company, id) WHERE company IS NOT NULL;
CREATE INDEX ix_adoption_country_id ON adoption (country, id);
CREATE INDEX ix_adoption_metric_id ON adoption (metric, id);
CREATE INDEX ix_adoption_model_id ON adoption (model, id) WHERE model IS NOT NULL;
CREATE INDEX ix_adoption_original_source_id ON adoption (original_source, id) WHERE original_source IS NOT NULL;
CREATE INDEX ix_adoption_period_first_day_id ON adoption (period_first_day, id);
CREATE INDEX ix_adoption_qualifier_id ON adoption (qualifier, id) WHERE qualifier IS NOT NULL;
CREATE INDEX ix_adoption_revision_id ON adoption (revision, id);
CREATE INDEX ix_adoption_scope_id ON adoption (scope, id) WHERE scope IS NOT NULL;
CREATE INDEX ix_adoption_source_id ON adoption (source, id);
CREATE INDEX ix_adoption_unit_id ON adoption (unit, id) WHERE unit IS NOT NULL;
CREATE INDEX ix_adoption_value_id ON adoption (value, id);
CREATE TRIGGER adoption_kept_on_delete BEFORE DELETE ON adoption WHEN NOT EXISTS (SELECT 1 FROM adoption_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of adoption must be in its history first'); END;
CREATE TRIGGER adoption_kept_on_update BEFORE UPDATE ON adoption WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM adoption_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of adoption must be in its history first'); END;
CREATE TRIGGER adoption_new_rows BEFORE INSERT ON adoption WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM adoption WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'adoption cannot be written into a revision that has been recorded'); END;
CREATE TABLE adoption_history (
    id TEXT NOT NULL,
    metric TEXT NOT NULL,
    model TEXT,
    company TEXT,
    country TEXT,
    value DOUBLE,
    unit TEXT,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    qualifier TEXT,
    scope TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL, original_source TEXT,
    CONSTRAINT pk_adoption_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_adoption_history_half_open CHECK (revision < until),
    CONSTRAINT fk_adoption_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_adoption_history_revision_id ON adoption_history (revision, id);
CREATE INDEX ix_adoption_history_until_id ON adoption_history (until, id);
CREATE TRIGGER adoption_history_new_rows BEFORE INSERT ON adoption_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM adoption_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'adoption cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER adoption_history_no_delete BEFORE DELETE ON adoption_history BEGIN SELECT RAISE(ABORT, 'adoption_history is append-only'); END;
CREATE TRIGGER adoption_history_no_update BEFORE UPDATE ON adoption_history BEGIN SELECT RAISE(ABORT, 'adoption_history is append-only'); END;
CREATE TABLE ai_models (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    aliases TEXT NOT NULL,
    developers TEXT NOT NULL,
    released TEXT,
    released_first_day TEXT,
    released_last_day TEXT,
    openness TEXT,
    based_on TEXT NOT NULL,
    disputed_by TEXT NOT NULL,
    parameters BIGINT,
    training_compute_flop DOUBLE,
    domain TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_ai_models PRIMARY KEY (id),
    CONSTRAINT ck_ai_models_parameters CHECK (parameters >= 0),
    CONSTRAINT ck_ai_models_training_compute_flop CHECK (training_compute_flop >= 0 AND training_compute_flop < 1e300),
    CONSTRAINT ck_ai_models_openness CHECK (openness = 'open' OR openness = 'hosted' OR openness = 'closed'),
    CONSTRAINT ck_ai_models_kind CHECK (kind = 'model' OR kind = 'family' OR kind = 'product'),
    CONSTRAINT fk_ai_models_source FOREIGN KEY(source) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_ai_models_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_ai_models_domain_id ON ai_models (domain, id);
CREATE INDEX ix_ai_models_kind_id ON ai_models (kind, id);
CREATE INDEX ix_ai_models_name_id ON ai_models (name, id);
CREATE INDEX ix_ai_models_openness_id ON ai_models (openness, id);
CREATE INDEX ix_ai_models_parameters_id ON ai_models (parameters, id);
CREATE INDEX ix_ai_models_released_first_day_id ON ai_models (released_first_day, id);
CREATE INDEX ix_ai_models_revision_id ON ai_models (revision, id);
CREATE INDEX ix_ai_models_source_id ON ai_models (source, id);
CREATE INDEX ix_ai_models_training_compute_flop_id ON ai_models (training_compute_flop, id);
CREATE TRIGGER ai_models_kept_on_delete BEFORE DELETE ON ai_models WHEN NOT EXISTS (SELECT 1 FROM ai_models_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of ai_models must be in its history first'); END;
CREATE TRIGGER ai_models_kept_on_update BEFORE UPDATE ON ai_models WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM ai_models_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of ai_models must be in its history first'); END;
CREATE TRIGGER ai_models_new_rows BEFORE INSERT ON ai_models WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM ai_models WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'ai_models cannot be written into a revision that has been recorded'); END;
CREATE TABLE ai_models_based_on (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_based_on PRIMARY KEY (id, position),
    CONSTRAINT uq_ai_models_based_on_member_id UNIQUE (member, id),
    CONSTRAINT fk_ai_models_based_on_id FOREIGN KEY(id) REFERENCES ai_models (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_ai_models_based_on_member FOREIGN KEY(member) REFERENCES ai_models (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER ai_models_based_on_kept BEFORE DELETE ON ai_models_based_on WHEN NOT EXISTS (SELECT 1 FROM ai_models_based_on_history WHERE id = OLD.id AND revision = OLD.revision AND position = OLD.position AND member = OLD.member) BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_based_on must be in their history first'); END;
CREATE TRIGGER ai_models_based_on_new_rows BEFORE INSERT ON ai_models_based_on WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM ai_models_based_on WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member)) BEGIN SELECT RAISE(ABORT, 'ai_models_based_on cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER ai_models_based_on_unchanged BEFORE UPDATE ON ai_models_based_on WHEN true BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_based_on must be in their history first'); END;
CREATE TABLE ai_models_based_on_history (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_based_on_history PRIMARY KEY (id, revision, position)
);
CREATE INDEX ix_ai_models_based_on_history_member_id ON ai_models_based_on_history (member, id);
CREATE TRIGGER ai_models_based_on_history_copied BEFORE INSERT ON ai_models_based_on_history WHEN NOT EXISTS (SELECT 1 FROM ai_models_based_on WHERE id = NEW.id AND revision = NEW.revision AND position = NEW.position AND member = NEW.member) OR NOT EXISTS (SELECT 1 FROM ai_models_history WHERE id = NEW.id AND revision = NEW.revision AND until > (SELECT max(id) FROM revisions)) BEGIN SELECT RAISE(ABORT, 'the history of ai_models_based_on takes what a revision ends'); END;
CREATE TRIGGER ai_models_based_on_history_no_delete BEFORE DELETE ON ai_models_based_on_history BEGIN SELECT RAISE(ABORT, 'ai_models_based_on_history is append-only'); END;
CREATE TRIGGER ai_models_based_on_history_no_update BEFORE UPDATE ON ai_models_based_on_history BEGIN SELECT RAISE(ABORT, 'ai_models_based_on_history is append-only'); END;
CREATE TABLE ai_models_developers (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_developers PRIMARY KEY (id, position),
    CONSTRAINT uq_ai_models_developers_member_id UNIQUE (member, id),
    CONSTRAINT fk_ai_models_developers_id FOREIGN KEY(id) REFERENCES ai_models (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_ai_models_developers_member FOREIGN KEY(member) REFERENCES companies (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER ai_models_developers_kept BEFORE DELETE ON ai_models_developers WHEN NOT EXISTS (SELECT 1 FROM ai_models_developers_history WHERE id = OLD.id AND revision = OLD.revision AND position = OLD.position AND member = OLD.member) BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_developers must be in their history first'); END;
CREATE TRIGGER ai_models_developers_new_rows BEFORE INSERT ON ai_models_developers WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM ai_models_developers WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member)) BEGIN SELECT RAISE(ABORT, 'ai_models_developers cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER ai_models_developers_unchanged BEFORE UPDATE ON ai_models_developers WHEN true BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_developers must be in their history first'); END;
CREATE TABLE ai_models_developers_history (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_developers_history PRIMARY KEY (id, revision, position)
);
CREATE INDEX ix_ai_models_developers_history_member_id ON ai_models_developers_history (member, id);
CREATE TRIGGER ai_models_developers_history_copied BEFORE INSERT ON ai_models_developers_history WHEN NOT EXISTS (SELECT 1 FROM ai_models_developers WHERE id = NEW.id AND revision = NEW.revision AND position = NEW.position AND member = NEW.member) OR NOT EXISTS (SELECT 1 FROM ai_models_history WHERE id = NEW.id AND revision = NEW.revision AND until > (SELECT max(id) FROM revisions)) BEGIN SELECT RAISE(ABORT, 'the history of ai_models_developers takes what a revision ends'); END;
CREATE TRIGGER ai_models_developers_history_no_delete BEFORE DELETE ON ai_models_developers_history BEGIN SELECT RAISE(ABORT, 'ai_models_developers_history is append-only'); END;
CREATE TRIGGER ai_models_developers_history_no_update BEFORE UPDATE ON ai_models_developers_history BEGIN SELECT RAISE(ABORT, 'ai_models_developers_history is append-only'); END;
CREATE TABLE ai_models_disputed_by (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_disputed_by PRIMARY KEY (id, position),
    CONSTRAINT uq_ai_models_disputed_by_member_id UNIQUE (member, id),
    CONSTRAINT fk_ai_models_disputed_by_id FOREIGN KEY(id) REFERENCES ai_models (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_ai_models_disputed_by_member FOREIGN KEY(member) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER ai_models_disputed_by_kept BEFORE DELETE ON ai_models_disputed_by WHEN NOT EXISTS (SELECT 1 FROM ai_models_disputed_by_history WHERE id = OLD.id AND revision = OLD.revision AND position = OLD.position AND member = OLD.member) BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_disputed_by must be in their history first'); END;
CREATE TRIGGER ai_models_disputed_by_new_rows BEFORE INSERT ON ai_models_disputed_by WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM ai_models_disputed_by WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member)) BEGIN SELECT RAISE(ABORT, 'ai_models_disputed_by cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER ai_models_disputed_by_unchanged BEFORE UPDATE ON ai_models_disputed_by WHEN true BEGIN SELECT RAISE(ABORT, 'the old members of ai_models_disputed_by must be in their history first'); END;
CREATE TABLE ai_models_disputed_by_history (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_ai_models_disputed_by_history PRIMARY KEY (id, revision, position)
);
CREATE INDEX ix_ai_models_disputed_by_history_member_id ON ai_models_disputed_by_history (member, id);
CREATE TRIGGER ai_models_disputed_by_history_copied BEFORE INSERT ON ai_models_disputed_by_history WHEN NOT EXISTS (SELECT 1 FROM ai_models_disputed_by WHERE id = NEW.id AND revision = NEW.revision AND position = NEW.position AND member = NEW.member) OR NOT EXISTS (SELECT 1 FROM ai_models_history WHERE id = NEW.id AND revision = NEW.revision AND until > (SELECT max(id) FROM revisions)) BEGIN SELECT RAISE(ABORT, 'the history of ai_models_disputed_by takes what a revision ends'); END;
CREATE TRIGGER ai_models_disputed_by_history_no_delete BEFORE DELETE ON ai_models_disputed_by_history BEGIN SELECT RAISE(ABORT, 'ai_models_disputed_by_history is append-only'); END;
CREATE TRIGGER ai_models_disputed_by_history_no_update BEFORE UPDATE ON ai_models_disputed_by_history BEGIN SELECT RAISE(ABORT, 'ai_models_disputed_by_history is append-only'); END;
CREATE TABLE ai_models_history (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    aliases TEXT NOT NULL,
    developers TEXT NOT NULL,
    released TEXT,
    released_first_day TEXT,
    released_last_day TEXT,
    openness TEXT,
    based_on TEXT NOT NULL,
    disputed_by TEXT NOT NULL,
    parameters BIGINT,
    training_compute_flop DOUBLE,
    domain TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_ai_models_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_ai_models_history_half_open CHECK (revision < until),
    CONSTRAINT fk_ai_models_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_ai_models_history_revision_id ON ai_models_history (revision, id);
CREATE INDEX ix_ai_models_history_until_id ON ai_models_history (until, id);
CREATE TRIGGER ai_models_history_new_rows BEFORE INSERT ON ai_models_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM ai_models_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'ai_models cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER ai_models_history_no_delete BEFORE DELETE ON ai_models_history BEGIN SELECT RAISE(ABORT, 'ai_models_history is append-only'); END;
CREATE TRIGGER ai_models_history_no_update BEFORE UPDATE ON ai_models_history BEGIN SELECT RAISE(ABORT, 'ai_models_history is append-only'); END;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE companies (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    country TEXT,
    roles TEXT NOT NULL,
    aliases TEXT NOT NULL,
    website TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_companies PRIMARY KEY (id),
    CONSTRAINT fk_companies_country FOREIGN KEY(country) REFERENCES countries (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_companies_source FOREIGN KEY(source) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_companies_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_companies_country_id ON companies (country, id);
CREATE INDEX ix_companies_name_id ON companies (name, id);
CREATE INDEX ix_companies_revision_id ON companies (revision, id);
CREATE INDEX ix_companies_source_id ON companies (source, id);
CREATE TRIGGER companies_kept_on_delete BEFORE DELETE ON companies WHEN NOT EXISTS (SELECT 1 FROM companies_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of companies must be in its history first'); END;
CREATE TRIGGER companies_kept_on_update BEFORE UPDATE ON companies WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM companies_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of companies must be in its history first'); END;
CREATE TRIGGER companies_new_rows BEFORE INSERT ON companies WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM companies WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'companies cannot be written into a revision that has been recorded'); END;
CREATE TABLE companies_history (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    country TEXT,
    roles TEXT NOT NULL,
    aliases TEXT NOT NULL,
    website TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_companies_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_companies_history_half_open CHECK (revision < until),
    CONSTRAINT fk_companies_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_companies_history_revision_id ON companies_history (revision, id);
CREATE INDEX ix_companies_history_until_id ON companies_history (until, id);
CREATE TRIGGER companies_history_new_rows BEFORE INSERT ON companies_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM companies_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'companies cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER companies_history_no_delete BEFORE DELETE ON companies_history BEGIN SELECT RAISE(ABORT, 'companies_history is append-only'); END;
CREATE TRIGGER companies_history_no_update BEFORE UPDATE ON companies_history BEGIN SELECT RAISE(ABORT, 'companies_history is append-only'); END;
CREATE TABLE companies_roles (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_companies_roles PRIMARY KEY (id, position),
    CONSTRAINT uq_companies_roles_member_id UNIQUE (member, id),
    CONSTRAINT fk_companies_roles_id FOREIGN KEY(id) REFERENCES companies (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER companies_roles_kept BEFORE DELETE ON companies_roles WHEN NOT EXISTS (SELECT 1 FROM companies_roles_history WHERE id = OLD.id AND revision = OLD.revision AND position = OLD.position AND member = OLD.member) BEGIN SELECT RAISE(ABORT, 'the old members of companies_roles must be in their history first'); END;
CREATE TRIGGER companies_roles_new_rows BEFORE INSERT ON companies_roles WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM companies_roles WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member)) BEGIN SELECT RAISE(ABORT, 'companies_roles cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER companies_roles_unchanged BEFORE UPDATE ON companies_roles WHEN true BEGIN SELECT RAISE(ABORT, 'the old members of companies_roles must be in their history first'); END;
CREATE TABLE companies_roles_history (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_companies_roles_history PRIMARY KEY (id, revision, position)
);
CREATE INDEX ix_companies_roles_history_member_id ON companies_roles_history (member, id);
CREATE TRIGGER companies_roles_history_copied BEFORE INSERT ON companies_roles_history WHEN NOT EXISTS (SELECT 1 FROM companies_roles WHERE id = NEW.id AND revision = NEW.revision AND position = NEW.position AND member = NEW.member) OR NOT EXISTS (SELECT 1 FROM companies_history WHERE id = NEW.id AND revision = NEW.revision AND until > (SELECT max(id) FROM revisions)) BEGIN SELECT RAISE(ABORT, 'the history of companies_roles takes what a revision ends'); END;
CREATE TRIGGER companies_roles_history_no_delete BEFORE DELETE ON companies_roles_history BEGIN SELECT RAISE(ABORT, 'companies_roles_history is append-only'); END;
CREATE TRIGGER companies_roles_history_no_update BEFORE UPDATE ON companies_roles_history BEGIN SELECT RAISE(ABORT, 'companies_roles_history is append-only'); END;
CREATE TABLE countries (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    iso3 TEXT,
    kind TEXT NOT NULL,
    aliases TEXT NOT NULL,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_countries PRIMARY KEY (id),
    CONSTRAINT ck_countries_kind CHECK (kind IN ('country', 'group')),
    CONSTRAINT fk_countries_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_countries_kind_id ON countries (kind, id);
CREATE INDEX ix_countries_revision_id ON countries (revision, id);
CREATE TRIGGER countries_kept_on_delete BEFORE DELETE ON countries WHEN NOT EXISTS (SELECT 1 FROM countries_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of countries must be in its history first'); END;
CREATE TRIGGER countries_kept_on_update BEFORE UPDATE ON countries WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM countries_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of countries must be in its history first'); END;
CREATE TRIGGER countries_new_rows BEFORE INSERT ON countries WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM countries WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'countries cannot be written into a revision that has been recorded'); END;
CREATE TABLE countries_history (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    iso3 TEXT,
    kind TEXT NOT NULL,
    aliases TEXT NOT NULL,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_countries_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_countries_history_half_open CHECK (revision < until),
    CONSTRAINT fk_countries_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_countries_history_revision_id ON countries_history (revision, id);
CREATE INDEX ix_countries_history_until_id ON countries_history (until, id);
CREATE TRIGGER countries_history_new_rows BEFORE INSERT ON countries_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM countries_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'countries cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER countries_history_no_delete BEFORE DELETE ON countries_history BEGIN SELECT RAISE(ABORT, 'countries_history is append-only'); END;
CREATE TRIGGER countries_history_no_update BEFORE UPDATE ON countries_history BEGIN SELECT RAISE(ABORT, 'countries_history is append-only'); END;
CREATE TABLE funding (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT,
    company TEXT,
    investors TEXT NOT NULL,
    scope TEXT,
    round_type TEXT,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    amount_usd BIGINT,
    deals BIGINT,
    amount BIGINT,
    currency TEXT,
    price_base TEXT,
    qualifier TEXT,
    deals_qualifier TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL, original_source TEXT CONSTRAINT fk_funding_original_source REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT pk_funding PRIMARY KEY (id),
    CONSTRAINT ck_funding_deals CHECK (deals >= 0),
    CONSTRAINT ck_funding_period CHECK (period_first_day <= period_last_day),
    CONSTRAINT ck_funding_total_or_round CHECK ((kind = 'total' AND country IS NOT NULL AND company IS NULL AND scope IS NOT NULL) OR (kind = 'round' AND company IS NOT NULL AND deals IS NULL AND scope IS NULL)),
    CONSTRAINT ck_funding_amount_has_currency CHECK ((amount IS NULL) = (currency IS NULL)),
    CONSTRAINT ck_funding_deals_are_qualified CHECK ((deals IS NULL) = (deals_qualifier IS NULL)),
    CONSTRAINT ck_funding_deals_qualifier CHECK (deals_qualifier = 'exact' OR deals_qualifier = 'about' OR deals_qualifier = 'at_least' OR deals_qualifier = 'up_to' OR deals_qualifier = 'disputed'),
    CONSTRAINT ck_funding_amount_usd CHECK (amount_usd >= 0),
    CONSTRAINT ck_funding_qualifier CHECK (qualifier = 'exact' OR qualifier = 'about' OR qualifier = 'at_least' OR qualifier = 'up_to' OR qualifier = 'disputed'),
    CONSTRAINT ck_funding_amount_is_qualified CHECK ((amount_usd IS NULL) = (qualifier IS NULL)),
    CONSTRAINT ck_funding_amount CHECK (amount >= 0),
    CONSTRAINT fk_funding_country FOREIGN KEY(country) REFERENCES countries (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_funding_company FOREIGN KEY(company) REFERENCES companies (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_funding_source FOREIGN KEY(source) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_funding_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_funding_amount_usd_id ON funding (amount_usd, id);
CREATE INDEX ix_funding_company_id ON funding (company, id) WHERE company IS NOT NULL;
CREATE INDEX ix_funding_country_id ON funding (country, id);
CREATE INDEX ix_funding_currency_id ON funding (currency, id) WHERE currency IS NOT NULL;
CREATE INDEX ix_funding_deals_id ON funding (deals, id);
CREATE INDEX ix_funding_deals_qualifier_id ON funding (deals_qualifier, id) WHERE deals_qualifier IS NOT NULL;
CREATE INDEX ix_funding_kind_id ON funding (kind, id);
CREATE INDEX ix_funding_original_source_id ON funding (original_source, id) WHERE original_source IS NOT NULL;
CREATE INDEX ix_funding_period_first_day_id ON funding (period_first_day, id);
CREATE INDEX ix_funding_price_base_id ON funding (price_base, id) WHERE price_base IS NOT NULL;
CREATE INDEX ix_funding_qualifier_id ON funding (qualifier, id) WHERE qualifier IS NOT NULL;
CREATE INDEX ix_funding_revision_id ON funding (revision, id);
CREATE INDEX ix_funding_round_type_id ON funding (round_type, id) WHERE round_type IS NOT NULL;
CREATE INDEX ix_funding_scope_id ON funding (scope, id) WHERE scope IS NOT NULL;
CREATE INDEX ix_funding_source_id ON funding (source, id);
CREATE TRIGGER funding_kept_on_delete BEFORE DELETE ON funding WHEN NOT EXISTS (SELECT 1 FROM funding_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of funding must be in its history first'); END;
CREATE TRIGGER funding_kept_on_update BEFORE UPDATE ON funding WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM funding_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of funding must be in its history first'); END;
CREATE TRIGGER funding_new_rows BEFORE INSERT ON funding WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM funding WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'funding cannot be written into a revision that has been recorded'); END;
CREATE TABLE funding_history (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT,
    company TEXT,
    investors TEXT NOT NULL,
    scope TEXT,
    round_type TEXT,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    amount_usd BIGINT,
    deals BIGINT,
    amount BIGINT,
    currency TEXT,
    price_base TEXT,
    qualifier TEXT,
    deals_qualifier TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL, original_source TEXT,
    CONSTRAINT pk_funding_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_funding_history_half_open CHECK (revision < until),
    CONSTRAINT fk_funding_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_funding_history_revision_id ON funding_history (revision, id);
CREATE INDEX ix_funding_history_until_id ON funding_history (until, id);
CREATE TRIGGER funding_history_new_rows BEFORE INSERT ON funding_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM funding_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'funding cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER funding_history_no_delete BEFORE DELETE ON funding_history BEGIN SELECT RAISE(ABORT, 'funding_history is append-only'); END;
CREATE TRIGGER funding_history_no_update BEFORE UPDATE ON funding_history BEGIN SELECT RAISE(ABORT, 'funding_history is append-only'); END;
CREATE TABLE funding_investors (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_funding_investors PRIMARY KEY (id, position),
    CONSTRAINT uq_funding_investors_member_id UNIQUE (member, id),
    CONSTRAINT fk_funding_investors_id FOREIGN KEY(id) REFERENCES funding (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_funding_investors_member FOREIGN KEY(member) REFERENCES companies (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER funding_investors_kept BEFORE DELETE ON funding_investors WHEN NOT EXISTS (SELECT 1 FROM funding_investors_history WHERE id = OLD.id AND revision = OLD.revision AND position = OLD.position AND member = OLD.member) BEGIN SELECT RAISE(ABORT, 'the old members of funding_investors must be in their history first'); END;
CREATE TRIGGER funding_investors_new_rows BEFORE INSERT ON funding_investors WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM funding_investors WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member)) BEGIN SELECT RAISE(ABORT, 'funding_investors cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER funding_investors_unchanged BEFORE UPDATE ON funding_investors WHEN true BEGIN SELECT RAISE(ABORT, 'the old members of funding_investors must be in their history first'); END;
CREATE TABLE funding_investors_history (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    member TEXT NOT NULL,
    CONSTRAINT pk_funding_investors_history PRIMARY KEY (id, revision, position)
);
CREATE INDEX ix_funding_investors_history_member_id ON funding_investors_history (member, id);
CREATE TRIGGER funding_investors_history_copied BEFORE INSERT ON funding_investors_history WHEN NOT EXISTS (SELECT 1 FROM funding_investors WHERE id = NEW.id AND revision = NEW.revision AND position = NEW.position AND member = NEW.member) OR NOT EXISTS (SELECT 1 FROM funding_history WHERE id = NEW.id AND revision = NEW.revision AND until > (SELECT max(id) FROM revisions)) BEGIN SELECT RAISE(ABORT, 'the history of funding_investors takes what a revision ends'); END;
CREATE TRIGGER funding_investors_history_no_delete BEFORE DELETE ON funding_investors_history BEGIN SELECT RAISE(ABORT, 'funding_investors_history is append-only'); END;
CREATE TRIGGER funding_investors_history_no_update BEFORE UPDATE ON funding_investors_history BEGIN SELECT RAISE(ABORT, 'funding_investors_history is append-only'); END;
CREATE TABLE replacements (
    resource TEXT NOT NULL,
    id TEXT NOT NULL,
    replaced_by TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_replacements PRIMARY KEY (resource, id),
    CONSTRAINT ck_replacements_another CHECK (id <> replaced_by),
    CONSTRAINT fk_replacements_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER replacements_new_rows BEFORE INSERT ON replacements WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM replacements WHERE resource = NEW.resource AND id = NEW.id) BEGIN SELECT RAISE(ABORT, 'replacements cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER replacements_no_delete BEFORE DELETE ON replacements BEGIN SELECT RAISE(ABORT, 'replacements is append-only'); END;
CREATE TRIGGER replacements_no_update BEFORE UPDATE ON replacements BEGIN SELECT RAISE(ABORT, 'replacements is append-only'); END;
CREATE TABLE revisions (
    id BIGINT NOT NULL,
    recorded_at TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    origin TEXT,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    CONSTRAINT pk_revisions PRIMARY KEY (id)
);
CREATE TRIGGER revisions_gapless BEFORE INSERT ON revisions WHEN NEW.id <> coalesce((SELECT max(id) FROM revisions) + 1, 0) BEGIN SELECT RAISE(ABORT, 'revisions are numbered without gaps'); END;
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END;
CREATE TABLE sources (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    publisher TEXT NOT NULL,
    title TEXT NOT NULL,
    published TEXT,
    published_first_day TEXT,
    published_last_day TEXT,
    url TEXT,
    licence TEXT,
    restates TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (id),
    CONSTRAINT ck_sources_kind CHECK (kind = 'article' OR kind = 'report' OR kind = 'dataset'),
    CONSTRAINT ck_sources_restates_another CHECK (restates <> id),
    CONSTRAINT fk_sources_restates FOREIGN KEY(restates) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_sources_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_sources_kind_id ON sources (kind, id);
CREATE INDEX ix_sources_published_first_day_id ON sources (published_first_day, id);
CREATE INDEX ix_sources_restates_id ON sources (restates, id);
CREATE INDEX ix_sources_revision_id ON sources (revision, id);
CREATE TRIGGER sources_kept_on_delete BEFORE DELETE ON sources WHEN NOT EXISTS (SELECT 1 FROM sources_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of sources must be in its history first'); END;
CREATE TRIGGER sources_kept_on_update BEFORE UPDATE ON sources WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM sources_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of sources must be in its history first'); END;
CREATE TRIGGER sources_new_rows BEFORE INSERT ON sources WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM sources WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'sources cannot be written into a revision that has been recorded'); END;
CREATE TABLE sources_history (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    publisher TEXT NOT NULL,
    title TEXT NOT NULL,
    published TEXT,
    published_first_day TEXT,
    published_last_day TEXT,
    url TEXT,
    licence TEXT,
    restates TEXT,
    note TEXT,
    search TEXT NOT NULL,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_sources_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_sources_history_half_open CHECK (revision < until),
    CONSTRAINT fk_sources_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_sources_history_revision_id ON sources_history (revision, id);
CREATE INDEX ix_sources_history_until_id ON sources_history (until, id);
CREATE TRIGGER sources_history_new_rows BEFORE INSERT ON sources_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM sources_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'sources cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER sources_history_no_delete BEFORE DELETE ON sources_history BEGIN SELECT RAISE(ABORT, 'sources_history is append-only'); END;
CREATE TRIGGER sources_history_no_update BEFORE UPDATE ON sources_history BEGIN SELECT RAISE(ABORT, 'sources_history is append-only'); END;
CREATE TABLE statistics (
    id TEXT NOT NULL,
    metric TEXT NOT NULL,
    country TEXT NOT NULL,
    value DOUBLE NOT NULL,
    unit TEXT NOT NULL,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    scope TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL, original_source TEXT CONSTRAINT fk_statistics_original_source REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT pk_statistics PRIMARY KEY (id),
    CONSTRAINT ck_statistics_value CHECK (value >= 0 AND value < 1e300),
    CONSTRAINT ck_statistics_qualifier CHECK (qualifier = 'exact' OR qualifier = 'about' OR qualifier = 'at_least' OR qualifier = 'up_to' OR qualifier = 'disputed'),
    CONSTRAINT ck_statistics_period CHECK (period_first_day <= period_last_day),
    CONSTRAINT fk_statistics_country FOREIGN KEY(country) REFERENCES countries (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_statistics_source FOREIGN KEY(source) REFERENCES sources (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_statistics_revision FOREIGN KEY(revision) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_statistics_country_id ON statistics (country, id);
CREATE INDEX ix_statistics_metric_id ON statistics (metric, id);
CREATE INDEX ix_statistics_original_source_id ON statistics (original_source, id) WHERE original_source IS NOT NULL;
CREATE INDEX ix_statistics_period_first_day_id ON statistics (period_first_day, id);
CREATE INDEX ix_statistics_qualifier_id ON statistics (qualifier, id);
CREATE INDEX ix_statistics_revision_id ON statistics (revision, id);
CREATE INDEX ix_statistics_scope_id ON statistics (scope, id) WHERE scope IS NOT NULL;
CREATE INDEX ix_statistics_source_id ON statistics (source, id);
CREATE INDEX ix_statistics_unit_id ON statistics (unit, id);
CREATE INDEX ix_statistics_value_id ON statistics (value, id);
CREATE TRIGGER statistics_kept_on_delete BEFORE DELETE ON statistics WHEN NOT EXISTS (SELECT 1 FROM statistics_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of statistics must be in its history first'); END;
CREATE TRIGGER statistics_kept_on_update BEFORE UPDATE ON statistics WHEN NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until FROM statistics_history WHERE id = OLD.id AND revision = OLD.revision) BEGIN SELECT RAISE(ABORT, 'the old version of a row of statistics must be in its history first'); END;
CREATE TRIGGER statistics_new_rows BEFORE INSERT ON statistics WHEN NEW.revision <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM statistics WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'statistics cannot be written into a revision that has been recorded'); END;
CREATE TABLE statistics_history (
    id TEXT NOT NULL,
    metric TEXT NOT NULL,
    country TEXT NOT NULL,
    value DOUBLE NOT NULL,
    unit TEXT NOT NULL,
    period TEXT NOT NULL,
    period_first_day TEXT NOT NULL,
    period_last_day TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    scope TEXT,
    source TEXT NOT NULL,
    locator TEXT,
    note TEXT,
    revision BIGINT NOT NULL,
    until BIGINT NOT NULL, original_source TEXT,
    CONSTRAINT pk_statistics_history PRIMARY KEY (id, revision),
    CONSTRAINT ck_statistics_history_half_open CHECK (revision < until),
    CONSTRAINT fk_statistics_history_until FOREIGN KEY(until) REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_statistics_history_revision_id ON statistics_history (revision, id);
CREATE INDEX ix_statistics_history_until_id ON statistics_history (until, id);
CREATE TRIGGER statistics_history_new_rows BEFORE INSERT ON statistics_history WHEN NEW.until <= (SELECT max(id) FROM revisions) OR EXISTS (SELECT 1 FROM statistics_history WHERE id = NEW.id AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'statistics cannot be written into a revision that has been recorded'); END;
CREATE TRIGGER statistics_history_no_delete BEFORE DELETE ON statistics_history BEGIN SELECT RAISE(ABORT, 'statistics_history is append-only'); END;
CREATE TRIGGER statistics_history_no_update BEFORE UPDATE ON statistics_history BEGIN SELECT RAISE(ABORT, 'statistics_history is append-only'); END;
CREATE TABLE write_lock (
    id BIGINT NOT NULL,
    CONSTRAINT pk_write_lock PRIMARY KEY (id),
    CONSTRAINT ck_write_lock_one_row CHECK (id = 1)
);
