CREATE TABLE annotations (
	seq INTEGER NOT NULL, 
	org TEXT NOT NULL, 
	id TEXT NOT NULL, 
	invocation_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	note TEXT NOT NULL, 
	annotated_by TEXT NOT NULL, 
	annotated_at BIGINT NOT NULL, 
	PRIMARY KEY (seq), 
	CONSTRAINT annotations_once UNIQUE (org, id)
);
INSERT INTO "annotations" VALUES(1,'acme','note-1','invocation-1','deploy','alice','ok','first','carol',1728043200123456797);
INSERT INTO "annotations" VALUES(2,'acme','note-2','invocation-1','deploy','alice','agent_fault','second','carol',1728043200123456798);
CREATE TABLE blobs (
	sha256 TEXT NOT NULL, 
	bytes BLOB NOT NULL, 
	PRIMARY KEY (sha256)
);
INSERT INTO "blobs" VALUES('16ed27a209c0f8ad774f6d3a843a04fb269cdc724f1bf9d454dd18c4f4c13921',X'2D2D2D0A6E616D653A206465706C6F792D2D616C6963650A6465736372697074696F6E3A20640A2D2D2D0A0A6F6E650A');
INSERT INTO "blobs" VALUES('58bad646001b26dd2663ff6546ee311e319c656b38ff877d28003f9aa5bd1bec',X'2D2D2D0A6E616D653A206C696E742D2D666173742D2D626F620A6465736372697074696F6E3A20640A2D2D2D0A0A6C696E740A');
INSERT INTO "blobs" VALUES('5f861a515eacc071d749813c04aaaa13bc2ac43f568cdbec3fed2b838b18bf9b',X'2D2D2D0A6E616D653A206465706C6F792D2D616C6963650A6465736372697074696F6E3A20640A2D2D2D0A0A6F74686572206F72670A');
INSERT INTO "blobs" VALUES('b151d6cf6cdb9a292de9e4b22ccbec02630a5c2889d00158386bd3476afb6db2',X'2D2D2D0A6E616D653A206465706C6F792D2D616C6963650A6465736372697074696F6E3A20640A2D2D2D0A0A74776F20C3A90A');
INSERT INTO "blobs" VALUES('3ce38cfdece239fc1d6bc4721e71f7d46c074eade390068d76b35863c1d8d75a',X'2D2D2D0A6E616D653A206465706C6F792D2D616C6963650A6465736372697074696F6E3A20640A2D2D2D0A0A6F74686572206F726720320A');
CREATE TABLE invocations (
	org TEXT NOT NULL, 
	id TEXT NOT NULL, 
	harness TEXT NOT NULL, 
	session_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	version BIGINT, 
	content_sha256 TEXT, 
	version_source TEXT NOT NULL, 
	provenance TEXT NOT NULL, 
	modified BOOLEAN NOT NULL, 
	user TEXT NOT NULL, 
	project TEXT NOT NULL, 
	invoked_at BIGINT NOT NULL, 
	PRIMARY KEY (org, id)
);
INSERT INTO "invocations" VALUES('acme','invocation-1','claude_code','session','deploy','alice',1,'1111111111111111111111111111111111111111111111111111111111111111','disk','tool',0,'carol','shop',1728043200123456790);
CREATE TABLE policies (
	seq INTEGER NOT NULL, 
	org TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	policy TEXT NOT NULL, 
	set_by TEXT NOT NULL, 
	set_at BIGINT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "policies" VALUES(1,'acme','lint--fast','bob','locked','bob',1728043200123456794);
INSERT INTO "policies" VALUES(2,'acme','deploy','alice','review','alice',1728043200123456795);
INSERT INTO "policies" VALUES(3,'acme','lint--fast','bob','auto','bob',1728043200123456796);
INSERT INTO "policies" VALUES(4,'zeta','deploy','alice','locked','zoe',1728043200123456789);
CREATE TABLE proposals (
	org TEXT NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	parent_version BIGINT NOT NULL, 
	parent_sha256 TEXT NOT NULL, 
	invocation_id TEXT NOT NULL, 
	reaction_id TEXT NOT NULL, 
	verdict_id TEXT NOT NULL, 
	edits TEXT NOT NULL, 
	root_cause TEXT NOT NULL, 
	generality TEXT NOT NULL, 
	expected TEXT NOT NULL, 
	checks TEXT NOT NULL, 
	status TEXT NOT NULL, 
	proposed_by TEXT NOT NULL, 
	proposed_at BIGINT NOT NULL, 
	usage TEXT, 
	not_before BIGINT, 
	status_reason TEXT NOT NULL, 
	published_version BIGINT, 
	PRIMARY KEY (org, id)
);
CREATE TABLE schema_migrations (
	name TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "schema_migrations" VALUES('m001_first');
INSERT INTO "schema_migrations" VALUES('m002_annotations');
CREATE TABLE sessions (
	id TEXT NOT NULL, 
	path TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	message TEXT NOT NULL, 
	message_embedding TEXT, 
	author TEXT NOT NULL, 
	mime_type TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	project TEXT NOT NULL, 
	description TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	plugin_version TEXT NOT NULL, 
	creation_date TEXT NOT NULL, 
	last_update_date TEXT NOT NULL, 
	org TEXT NOT NULL, 
	PRIMARY KEY (org, id)
);
CREATE TABLE skill_files (
	org TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	path TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	PRIMARY KEY (org, name, author, version, path), 
	FOREIGN KEY(org, name, author, version) REFERENCES skills (org, name, author, version), 
	FOREIGN KEY(sha256) REFERENCES blobs (sha256)
);
INSERT INTO "skill_files" VALUES('acme','deploy','alice',1,'SKILL.md','644','16ed27a209c0f8ad774f6d3a843a04fb269cdc724f1bf9d454dd18c4f4c13921');
INSERT INTO "skill_files" VALUES('acme','lint--fast','bob',1,'SKILL.md','644','58bad646001b26dd2663ff6546ee311e319c656b38ff877d28003f9aa5bd1bec');
INSERT INTO "skill_files" VALUES('zeta','deploy','alice',1,'SKILL.md','644','5f861a515eacc071d749813c04aaaa13bc2ac43f568cdbec3fed2b838b18bf9b');
INSERT INTO "skill_files" VALUES('acme','deploy','alice',2,'SKILL.md','644','b151d6cf6cdb9a292de9e4b22ccbec02630a5c2889d00158386bd3476afb6db2');
INSERT INTO "skill_files" VALUES('zeta','deploy','alice',2,'SKILL.md','644','3ce38cfdece239fc1d6bc4721e71f7d46c074eade390068d76b35863c1d8d75a');
CREATE TABLE skills (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	project TEXT, 
	project_key TEXT, 
	local_path TEXT, 
	install TEXT, 
	source_sessions TEXT, 
	source_agent TEXT, 
	scope TEXT NOT NULL, 
	author TEXT NOT NULL, 
	contributors TEXT NOT NULL, 
	description TEXT NOT NULL, 
	trigger_text TEXT, 
	body TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	org TEXT NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	parent_sha256 TEXT, 
	parent_version BIGINT, 
	published_by TEXT NOT NULL, 
	proposal_id TEXT, 
	reverts_version BIGINT, 
	reaction_id TEXT, 
	invocation_id TEXT, 
	PRIMARY KEY (org, id), 
	CONSTRAINT skills_one_child UNIQUE (org, name, author, version), 
	CONSTRAINT skills_one_per_proposal UNIQUE (org, proposal_id), 
	CONSTRAINT skills_one_per_reaction UNIQUE (org, reaction_id), 
	CONSTRAINT skills_one_per_invocation UNIQUE (org, invocation_id)
);
INSERT INTO "skills" VALUES('deploy--alice@1','deploy',NULL,NULL,NULL,NULL,NULL,NULL,'team','alice','["alice"]','d',NULL,'
one
',1,'2024-10-04T12:00:00.123456789Z','2024-10-04T12:00:00.123456789Z','acme','5e7a5f18ada199e17eac5dd2d9b4c75e42b52036718a1f9c119ac9158eb52a98',NULL,NULL,'alice',NULL,NULL,NULL,NULL);
INSERT INTO "skills" VALUES('lint--fast--bob@1','lint--fast',NULL,NULL,NULL,NULL,NULL,NULL,'team','bob','["alice"]','d',NULL,'
lint
',1,'2024-10-04T12:00:01.123456789Z','2024-10-04T12:00:01.123456789Z','acme','60af8669d8d286501e607d3d5c79168ff1eb1b2226e0028e40e8d38c4d1a7799',NULL,NULL,'alice',NULL,NULL,NULL,NULL);
INSERT INTO "skills" VALUES('deploy--alice@1','deploy',NULL,NULL,NULL,NULL,NULL,NULL,'team','alice','["alice"]','d',NULL,'
other org
',1,'2024-10-04T12:00:02.123456789Z','2024-10-04T12:00:02.123456789Z','zeta','2b435bdda613953f08f999932fe3e564b07d39b864e8d360874d9b8de7f39573',NULL,NULL,'alice',NULL,NULL,NULL,NULL);
INSERT INTO "skills" VALUES('deploy--alice@2','deploy',NULL,NULL,NULL,NULL,NULL,NULL,'team','alice','["alice"]','d',NULL,'
two é
',2,'2024-10-04T12:00:00.123456789Z','2024-10-04T12:00:03.123456789Z','acme','97203d44cf764f0e8a7ef7e42fa6483fcb0881598e5f962799e000c5c99cf177','5e7a5f18ada199e17eac5dd2d9b4c75e42b52036718a1f9c119ac9158eb52a98',1,'alice',NULL,NULL,NULL,NULL);
INSERT INTO "skills" VALUES('deploy--alice@2','deploy',NULL,NULL,NULL,NULL,NULL,NULL,'team','alice','["alice"]','d',NULL,'
other org 2
',2,'2024-10-04T12:00:02.123456789Z','2024-10-04T12:00:03.123456789Z','zeta','6ded90b8e4523513aa32f7b0ffbb1d3cdaf9090165aee597a88e1e325c7ab1d6','2b435bdda613953f08f999932fe3e564b07d39b864e8d360874d9b8de7f39573',1,'alice',NULL,NULL,NULL,NULL);
CREATE TABLE verdicts (
	org TEXT NOT NULL, 
	id TEXT NOT NULL, 
	invocation_id TEXT NOT NULL, 
	reaction_ids TEXT NOT NULL, 
	name TEXT NOT NULL, 
	author TEXT NOT NULL, 
	version BIGINT, 
	content_sha256 TEXT, 
	version_source TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	confidence FLOAT NOT NULL, 
	reason TEXT NOT NULL, 
	quote TEXT, 
	prompt_version INTEGER NOT NULL, 
	usage TEXT, 
	judged_at BIGINT NOT NULL, 
	PRIMARY KEY (org, id)
);
CREATE INDEX sessions_newest ON sessions (org, description, creation_date);
CREATE INDEX invocations_newest ON invocations (org, invoked_at);
CREATE INDEX verdicts_of_skill ON verdicts (org, name, author, judged_at);
CREATE INDEX verdicts_newest ON verdicts (org, judged_at);
CREATE INDEX proposals_newest ON proposals (org, proposed_at);
CREATE INDEX proposals_of_skill ON proposals (org, name, author, proposed_at);
CREATE INDEX annotations_of_invocation ON annotations (org, invocation_id, seq);
CREATE INDEX policies_of_skill ON policies (org, name, author, seq);
